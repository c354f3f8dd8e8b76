-- A row for the newest ended tick: whether it checked.
SELECT coalesce(counts ->> '$.check' IS NOT NULL, 0) AS checked
FROM steward_runs
WHERE id = (SELECT max(id) FROM steward_runs WHERE kind = 'tick' AND status <> 'running')
