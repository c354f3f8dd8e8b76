-- The first run that has not ended; where all have, what comes after the last. A fragment.
SELECT coalesce(
  (SELECT min(id) FROM steward_runs WHERE status = 'running'),
  (SELECT max(id) + 1 FROM steward_runs),
  1
)
