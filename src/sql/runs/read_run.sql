-- The run :run, or no row.
SELECT id, kind, mode, trigger, actor, token_name, status, started_at, finished_at, request, counts, cost, error
FROM steward_runs WHERE id = :run
