-- The condition of the {{chosen}} merges of run :run that can be undone: no other row has or had the loser's id, and its
-- winner is still the row of the same object. A fragment.
run = :run AND undone_by IS NULL AND reused = 0 AND {{chosen}}
  AND NOT EXISTS (SELECT 1 FROM artifacts WHERE artifacts.id = +steward_merges.loser_id)
  AND EXISTS (
    SELECT 1 FROM artifacts
    WHERE artifacts.id = +steward_merges.winner_id
      AND artifacts.r2_bucket COLLATE BINARY = {{r2_bucket}}
      AND artifacts.r2_key COLLATE BINARY = {{r2_key}}
  )
