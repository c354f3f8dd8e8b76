-- No rows: adds an alert at :now for each change in {{changes}} whose alerts are not quiet. Run before the findings are written.
INSERT INTO steward_alerts (created_at, kind, body)
SELECT
  :now,
  'finding',
  json_object('change', change, 'invariant', invariant, 'severity', severity, 'violations', violations)
FROM ({{changes}})
WHERE NOT quiet
