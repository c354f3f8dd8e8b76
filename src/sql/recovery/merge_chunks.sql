-- A row per chunk of run :run that has merges to undo, the last one first.
SELECT chunk, count(*) AS merges FROM steward_merges WHERE run = :run AND undone_by IS NULL GROUP BY chunk ORDER BY chunk DESC
