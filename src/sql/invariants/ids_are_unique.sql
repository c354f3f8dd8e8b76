-- holds: every artifact has an id, and no other artifact has it
-- severity: error
-- row: an id that several artifacts have, or the artifacts without one, and how many
-- do: give each artifact an id of its own, and declare it (docs/runbook.md, "Ids that are not unique")
-- needs: artifacts.id
-- walks: table
-- proof: unique_id
-- keys: id
SELECT id, count(*) AS artifacts
FROM {{rows}}
GROUP BY id
HAVING count(*) > 1 OR id IS NULL
