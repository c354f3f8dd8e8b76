-- holds: r2_bucket and r2_key of every artifacts row are texts that hold no NUL
-- severity: error
-- row: an artifact whose bucket or key is of another type or holds a NUL
-- do: find the writer that binds bytes or numbers, and correct its rows (docs/runbook.md, "Keys that are no text")
-- needs: artifacts.id, artifacts.r2_bucket, artifacts.r2_key
-- proof: key_order
WITH RECURSIVE buckets (name) AS (
  SELECT min(r2_bucket COLLATE BINARY) FROM artifacts
  UNION ALL
  SELECT (SELECT min(r2_bucket COLLATE BINARY) FROM artifacts WHERE r2_bucket COLLATE BINARY > name)
  FROM buckets
  WHERE name IS NOT NULL
)
-- Numbers sort before every text and bytes after, so the index finds them without a scan; a NUL takes one.
SELECT id, typeof(r2_bucket) AS bucket_type, typeof(r2_key) AS key_type, quote(r2_bucket) AS r2_bucket, quote(r2_key) AS r2_key
FROM (
  SELECT id, r2_bucket, r2_key FROM artifacts WHERE r2_bucket COLLATE BINARY < ''
  UNION ALL
  SELECT id, r2_bucket, r2_key FROM artifacts WHERE r2_bucket COLLATE BINARY >= x''
  UNION ALL
  SELECT id, r2_bucket, r2_key FROM buckets CROSS JOIN artifacts
    ON typeof(name) = 'text' AND r2_bucket COLLATE BINARY = name AND r2_key COLLATE BINARY < ''
  UNION ALL
  SELECT id, r2_bucket, r2_key FROM buckets CROSS JOIN artifacts
    ON typeof(name) = 'text' AND r2_bucket COLLATE BINARY = name AND r2_key COLLATE BINARY >= x''
  UNION ALL
  SELECT id, r2_bucket, CAST(r2_key AS BLOB) FROM artifacts
  WHERE {{scan}} AND typeof(r2_bucket) = 'text' AND typeof(r2_key) = 'text'
    AND (instr(r2_bucket, char(0)) > 0 OR instr(r2_key, char(0)) > 0)
)
