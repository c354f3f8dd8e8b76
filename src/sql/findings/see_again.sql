-- No rows: brings the open findings of the violated verdicts in :verdicts up to date at :now, but for what was seen
-- since.
UPDATE steward_findings
SET last_seen_at = :now,
  violations = verdict.violations,
  peak = max(peak, verdict.violations),
  sample = verdict.sample
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
