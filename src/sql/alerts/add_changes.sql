-- No rows: adds an alert at ?2 for each change that the verdicts in ?1 bring. Run before the findings are written.
INSERT INTO steward_alerts (created_at, kind, body)
SELECT
  ?2,
  'finding',
  json_object('change', change, 'invariant', invariant, 'severity', severity, 'violations', violations)
FROM ({{changes}})
