-- No rows: brings the open findings of the violated verdicts in :verdicts up to date at :now, but for what was seen
-- since; the quiet of those that {{ended}} ends, which their history says.
UPDATE steward_findings
SET last_seen_at = :now,
  violations = verdict.violations,
  peak = max(peak, verdict.violations),
  sample = verdict.sample,
  quiet = CASE WHEN {{ended}} THEN NULL ELSE quiet END,
  quiet_until = CASE WHEN {{ended}} THEN NULL ELSE quiet_until END,
  quiet_violations = CASE WHEN {{ended}} THEN NULL ELSE quiet_violations END,
  history = CASE WHEN {{ended}} THEN json_insert(history, '$[#]', json_object(
    'at', :now, 'did', CASE WHEN quiet_until <= :now THEN 'ended' ELSE 'grew' END, 'actor', NULL, 'token_name', NULL,
    'note', NULL, 'until', NULL, 'violations', verdict.violations
  )) ELSE history END
FROM (
  SELECT
    value ->> '$.name' AS name,
    value ->> '$.began' AS began,
    value ->> '$.violations' AS violations,
    value -> '$.sample' AS sample
  FROM json_each(:verdicts)
  WHERE value ->> '$.outcome' = 'violated'
) AS verdict
WHERE resolved_at IS NULL AND invariant = verdict.name AND coalesce(verdict.began, last_seen_at) >= last_seen_at
