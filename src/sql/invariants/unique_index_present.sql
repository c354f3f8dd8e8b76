-- holds: a unique index covers exactly (r2_bucket, r2_key) of every artifacts row, and both are NOT NULL
-- severity: error
-- row: what is missing
-- do: POST /recover creates the index; a nullable column needs the table rebuilt (docs/runbook.md, "Unique index")
-- needs: artifacts.r2_bucket, artifacts.r2_key
-- proof: unique_index
SELECT
  'a unique index on exactly (' || coalesce(trim('r2_bucket') || ', ', '') || trim('r2_key') || ')' AS missing
WHERE NOT EXISTS ({{unique_index}})
UNION ALL
SELECT 'NOT NULL on ' || CASE lower(name) WHEN lower('r2_key') THEN trim('r2_key') ELSE trim('r2_bucket') END FROM pragma_table_info('artifacts')
WHERE lower(name) IN (lower('r2_bucket'), lower('r2_key')) AND "notnull" = 0
