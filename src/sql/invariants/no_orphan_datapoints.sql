-- holds: every reference to an artifact that is not NULL resolves, in every child table
-- severity: error
-- row: a row of a child table whose artifact is missing, and the id it looks for
-- do: POST /recover points it at the winner where the journal knows one; else restore the artifact (docs/runbook.md)
-- needs: artifacts.id
-- for: each child
-- walks: table
-- proof: foreign_key
-- keys: row_key
SELECT :label AS child, child.{{row_key}} AS row_key, child.{{column}} AS artifact_id
FROM {{rows}} AS child
WHERE child.{{column}} IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM artifacts WHERE artifacts.id = child.{{column}})
