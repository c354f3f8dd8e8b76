-- holds: every column that looks like a reference to artifacts is in CHILDREN, or in NOT_CHILDREN
-- severity: error
-- row: a column that looks like a reference, why, and how many of its sampled values are ids of artifacts
-- do: put it in CHILDREN, or in NOT_CHILDREN if it is none (docs/runbook.md, "References that nobody declared")
-- needs: artifacts.id
-- proof: references
SELECT
  value ->> '$.table' AS "table",
  value ->> '$.column' AS "column",
  value ->> '$.why' AS why,
  value ->> '$.sampled' AS sampled,
  value ->> '$.ids' AS ids
FROM json_each(:facts)
