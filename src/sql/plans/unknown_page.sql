-- The unknown rows after (:after_bucket, :after_key) up to (:until_bucket, :until_key), less those of the {{ranked}} that a
-- merge deletes or gives a type. A fragment.
WITH merged AS ({{ranked}})
SELECT id, r2_bucket, r2_key FROM artifacts
WHERE source_type COLLATE BINARY = 'unknown'
  AND (r2_bucket, r2_key) > (:after_bucket, :after_key)
  AND (:until_bucket IS NULL OR (r2_bucket, r2_key) <= (:until_bucket, :until_key))
  AND id NOT IN (SELECT id FROM merged WHERE source_type COLLATE BINARY = 'unknown' AND (place > 1 OR known > 0))
