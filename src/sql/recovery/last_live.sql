-- The newest ended live recovery or undo that says where the next call continues, or no row: its kind, the run that it
-- undid, and its checkpoint. A recovery that failed before its first chunk says nothing, and is passed over.
SELECT kind, request ->> '$.run' AS undone, checkpoint FROM steward_runs
WHERE id = (
  SELECT max(id) FROM steward_runs
  WHERE kind IN ('recovery', 'undo') AND mode = 'live' AND status <> 'running'
    AND (status = 'succeeded' OR kind = 'undo' OR checkpoint IS NOT NULL)
)
