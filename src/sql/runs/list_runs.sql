-- Up to :most runs, newest first: of kind :kind unless NULL, older than run :before unless NULL.
SELECT id, kind, mode, trigger, actor, token_name, status, started_at, finished_at, request, counts, cost, error
FROM steward_runs
WHERE (:kind IS NULL OR kind = :kind) AND (:before IS NULL OR id < :before)
ORDER BY id DESC
LIMIT :most
