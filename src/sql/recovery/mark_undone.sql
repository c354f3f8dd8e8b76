-- No rows: marks as undone by run ?3 the merges of run ?1, chunk ?2 that can be: no other row has or had
-- the loser's id, and its winner is still the row of the same object.
UPDATE steward_merges SET undone_by = ?3
WHERE run = ?1 AND chunk = ?2 AND undone_by IS NULL AND reused = 0
  AND NOT EXISTS (SELECT 1 FROM artifacts WHERE artifacts.id = +steward_merges.loser_id)
  AND EXISTS (
    SELECT 1 FROM artifacts
    WHERE artifacts.id = +steward_merges.winner_id
      AND artifacts.r2_bucket COLLATE BINARY = {{r2_bucket}}
      AND artifacts.r2_key COLLATE BINARY = {{r2_key}}
  )
