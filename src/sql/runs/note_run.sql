-- No rows: records work of :kind that is done in this very transaction at :now, as a run that succeeded, with its
-- :request and :counts, asked for by :actor with the token of :token_name.
INSERT INTO steward_runs (
  kind, mode, trigger, actor, token_name, status, started_at, expires_at, finished_at, request, counts
)
VALUES (:kind, 'live', 'http', :actor, :token_name, 'succeeded', :now, :now, :now, :request, :counts)
