-- holds: every guard is there, with the text this version installs
-- severity: error
-- row: a guard, and whether it is missing, changed, or lifted for a while
-- do: POST /guards installs it again (docs/runbook.md, "Guards")
-- needs: artifacts.id
-- proof: guards
SELECT
  expected.value ->> '$.name' AS guard,
  CASE
    WHEN (expected.value ->> '$.name') IN (SELECT name FROM sqlite_schema WHERE type = 'trigger') THEN 'changed'
    ELSE coalesce((SELECT 'lifted until ' || lifted_until FROM steward_control), 'missing')
  END AS state
FROM json_each(:facts) AS expected
WHERE (expected.value ->> '$.name', expected.value ->> '$.sql') NOT IN (
  SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'
)
