-- No rows: brings the open findings of the violated verdicts in ?1 up to date at ?2, but for what was seen since.
UPDATE steward_findings
SET last_seen_at = ?2,
  violations = verdict.violations,
  peak = max(peak, verdict.violations),
  sample = verdict.sample
FROM (
  SELECT
    value ->> '$.name' AS name,
    value ->> '$.began' AS began,
    value ->> '$.violations' AS violations,
    value -> '$.sample' AS sample
  FROM json_each(?1)
  WHERE value ->> '$.outcome' = 'violated'
) AS verdict
WHERE resolved_at IS NULL AND invariant = verdict.name AND coalesce(verdict.began, last_seen_at) >= last_seen_at
