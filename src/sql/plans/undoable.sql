-- The {{chosen}} merges of run :run that can be undone, as `recovery/mark_undone` marks them. A fragment.
SELECT chunk, loser_id, winner_id, {{r2_bucket}} AS r2_bucket, {{r2_key}} AS r2_key
FROM steward_merges
WHERE run = :run AND undone_by IS NULL AND reused = 0 AND {{chosen}}
  AND NOT EXISTS (SELECT 1 FROM artifacts WHERE artifacts.id = +steward_merges.loser_id)
  AND EXISTS (
    SELECT 1 FROM artifacts
    WHERE artifacts.id = +steward_merges.winner_id
      AND artifacts.r2_bucket COLLATE BINARY = {{r2_bucket}}
      AND artifacts.r2_key COLLATE BINARY = {{r2_key}}
  )
