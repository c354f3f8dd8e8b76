-- One row, the id of the new run of this :kind, :mode and :trigger, begun :now and alive :until, with its :request;
-- none where :token is a lease token that did not get the lease.
INSERT INTO steward_runs (kind, mode, trigger, status, started_at, expires_at, request)
SELECT :kind, :mode, :trigger, 'running', :now, :until, :request
WHERE :token IS NULL OR :token = (SELECT lease_token FROM steward_control)
RETURNING id
