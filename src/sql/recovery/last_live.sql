-- The newest ended live recovery or undo, or no row; a recovery that failed or was killed is passed over.
SELECT kind, status, request, counts FROM steward_runs
WHERE id = (
  SELECT max(id) FROM steward_runs
  WHERE kind IN ('recovery', 'undo') AND mode = 'live'
    AND (status IN ('stopped', 'succeeded') OR (kind = 'undo' AND status <> 'running'))
)
