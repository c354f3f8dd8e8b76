-- No rows: opens at :now a finding for each violated verdict in :verdicts that has none open and is not overtaken.
INSERT INTO steward_findings (invariant, severity, opened_at, last_seen_at, violations, peak, sample)
SELECT
  verdict.value ->> '$.name',
  verdict.value ->> '$.severity',
  :now,
  :now,
  verdict.value ->> '$.violations',
  verdict.value ->> '$.violations',
  verdict.value -> '$.sample'
FROM json_each(:verdicts) AS verdict
WHERE verdict.value ->> '$.outcome' = 'violated' AND NOT EXISTS ({{overtaken}})
ON CONFLICT (invariant) WHERE resolved_at IS NULL DO NOTHING
