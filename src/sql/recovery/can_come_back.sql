-- The condition of the {{chosen}} rows that run :run forgot and that can return: no other row has or had the id, and the
-- object has no other row. A fragment.
run = :run AND undone_by IS NULL AND reused = 0 AND {{chosen}}
  AND NOT EXISTS (SELECT 1 FROM artifacts WHERE artifacts.id = +steward_merges.loser_id)
  AND NOT EXISTS (
    SELECT 1 FROM artifacts
    WHERE artifacts.r2_bucket COLLATE BINARY = {{r2_bucket}} AND artifacts.r2_key COLLATE BINARY = {{r2_key}}
  )
