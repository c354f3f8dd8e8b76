-- holds: what refers to an artifact is a column that holds its id, which a merge can follow
-- severity: warn
-- row: a column that names artifacts in another way (ids inside JSON, or bucket and key), which no merge changes
-- do: look at it after a merge; NOT_CHILDREN silences it (docs/runbook.md, "References that nobody declared")
-- needs: artifacts.id
-- proof: mentions
SELECT
  value ->> '$.table' AS "table",
  value ->> '$.column' AS "column",
  value ->> '$.why' AS why,
  value ->> '$.sampled' AS sampled,
  value ->> '$.ids' AS ids
FROM json_each(:facts)
