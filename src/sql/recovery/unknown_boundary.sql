-- The key of the unknown row :rows rows after (:after_bucket, :after_key), or no row where fewer are left.
SELECT r2_bucket AS r2_bucket, r2_key AS r2_key FROM artifacts
WHERE source_type COLLATE BINARY = 'unknown' AND (r2_bucket, r2_key) > (:after_bucket, :after_key)
ORDER BY r2_bucket, r2_key
LIMIT 1 OFFSET :rows - 1
