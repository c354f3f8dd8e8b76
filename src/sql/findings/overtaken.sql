-- A row where the scan of `verdict` began before its finding was resolved, or before the last live recovery ended.
SELECT 1 FROM steward_findings AS past
WHERE past.invariant = verdict.value ->> '$.name' AND past.resolved_at > verdict.value ->> '$.began'
UNION ALL
SELECT 1 FROM (
  SELECT coalesce(finished_at, expires_at) AS ended FROM steward_runs
  WHERE kind = 'recovery' AND mode = 'live'
  ORDER BY id DESC
  LIMIT 1
)
WHERE ended > verdict.value ->> '$.began'
