-- No rows: opens at ?2 a finding for each violated verdict in ?1 that has none open.
INSERT INTO steward_findings (invariant, severity, opened_at, last_seen_at, violations, peak, sample)
SELECT
  value ->> '$.name',
  value ->> '$.severity',
  ?2,
  ?2,
  value ->> '$.violations',
  value ->> '$.violations',
  value -> '$.sample'
FROM json_each(?1)
WHERE value ->> '$.outcome' = 'violated'
ON CONFLICT (invariant) WHERE resolved_at IS NULL DO NOTHING
