-- Up to 20 objects with several rows whose bucket or key is no plain text: both as SQL literals, and their types.
SELECT
  substr(CASE typeof(r2_bucket) WHEN 'text' THEN r2_bucket ELSE quote(r2_bucket) END, 1, 1024) AS r2_bucket,
  substr(quote(CASE WHEN typeof(r2_key) = 'text' THEN CAST(r2_key AS BLOB) ELSE r2_key END), 1, 2100) AS r2_key,
  typeof(r2_bucket) AS bucket_type,
  typeof(r2_key) AS key_type
FROM artifacts
WHERE r2_bucket IS NOT NULL AND r2_key IS NOT NULL AND NOT ({{plain}})
GROUP BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
HAVING count(*) > 1
LIMIT 20
