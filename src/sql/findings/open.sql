-- No rows: opens at :now a finding for each violated verdict in :verdicts that has none open and is not overtaken. One
-- that was snoozed stays so until its time.
INSERT INTO steward_findings (
  invariant, severity, opened_at, last_seen_at, violations, peak, sample, quiet, quiet_until, quiet_violations, history
)
SELECT
  verdict.value ->> '$.name',
  verdict.value ->> '$.severity',
  :now,
  :now,
  verdict.value ->> '$.violations',
  verdict.value ->> '$.violations',
  verdict.value -> '$.sample',
  CASE WHEN snoozed.quiet_until IS NOT NULL THEN 'snoozed' END,
  snoozed.quiet_until,
  snoozed.quiet_violations,
  CASE WHEN snoozed.quiet_until IS NOT NULL THEN json_array(json_object(
    'at', :now, 'did', 'reopened', 'actor', NULL, 'token_name', NULL, 'note', NULL, 'until', snoozed.quiet_until,
    'violations', verdict.value ->> '$.violations'
  )) END
FROM json_each(:verdicts) AS verdict
LEFT JOIN steward_findings AS snoozed ON snoozed.id = ({{still_snoozed}})
WHERE verdict.value ->> '$.outcome' = 'violated'
  AND NOT EXISTS (
    SELECT 1 FROM steward_findings AS open WHERE open.invariant = verdict.value ->> '$.name' AND open.resolved_at IS NULL
  )
  AND NOT EXISTS ({{overtaken}})
ON CONFLICT (invariant) WHERE resolved_at IS NULL DO NOTHING
