-- The key of the unknown row ?3 rows after (?1, ?2), or no row where fewer are left.
SELECT r2_bucket AS r2_bucket, r2_key AS r2_key FROM artifacts
WHERE source_type COLLATE BINARY = 'unknown' AND (r2_bucket, r2_key) > (?1, ?2)
ORDER BY r2_bucket, r2_key
LIMIT 1 OFFSET ?3 - 1
