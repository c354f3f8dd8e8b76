-- One row, the id of the new run of this :kind, :mode and :trigger, begun :now and alive :until, with its :request, asked for by :actor with
-- the token of :token_name;
-- none where :token is a lease token that did not get the lease.
INSERT INTO steward_runs (kind, mode, trigger, actor, token_name, status, started_at, expires_at, request)
SELECT :kind, :mode, :trigger, :actor, :token_name, 'running', :now, :until, :request
WHERE :token IS NULL OR :token = (SELECT lease_token FROM steward_control)
RETURNING id
