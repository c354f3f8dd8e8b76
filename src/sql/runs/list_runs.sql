-- Up to ?2 runs, newest first: of kind ?1 unless NULL, older than run ?3 unless NULL.
SELECT id, kind, mode, trigger, status, started_at, finished_at, request, counts, cost, error
FROM steward_runs
WHERE (?1 IS NULL OR kind = ?1) AND (?3 IS NULL OR id < ?3)
ORDER BY id DESC
LIMIT ?2
