-- holds: r2_bucket and r2_key of every artifacts row are texts that hold no NUL
-- severity: error
-- row: an artifact whose bucket or key is of another type or holds a NUL
-- do: find the writer that binds bytes or numbers, and correct its rows (docs/runbook.md, "Keys that are no text")
-- needs: artifacts.id, artifacts.r2_bucket, artifacts.r2_key
-- walks: objects
-- modes: full
SELECT
  id,
  typeof(r2_bucket) AS bucket_type,
  typeof(r2_key) AS key_type,
  CASE WHEN typeof(r2_bucket) = 'text' THEN CAST(r2_bucket AS BLOB) ELSE r2_bucket END AS r2_bucket,
  CASE WHEN typeof(r2_key) = 'text' THEN CAST(r2_key AS BLOB) ELSE r2_key END AS r2_key
FROM {{rows}}
WHERE typeof(r2_bucket) IN ('blob', 'integer', 'real') OR typeof(r2_key) IN ('blob', 'integer', 'real')
  OR instr(r2_bucket, char(0)) > 0 OR instr(r2_key, char(0)) > 0
