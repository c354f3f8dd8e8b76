-- The objects with several rows, one of them unknown, after (:after_bucket, :after_key) up to (:until_bucket, :until_key); less
-- those in :left, a JSON array of [bucket, key]. A fragment.
SELECT r2_bucket, r2_key FROM artifacts
WHERE {{plain}}
  AND (r2_bucket COLLATE BINARY, r2_key COLLATE BINARY) IN (
    SELECT r2_bucket, r2_key FROM artifacts
    WHERE source_type COLLATE BINARY = 'unknown'
      AND (r2_bucket, r2_key) > (:after_bucket, :after_key)
      AND (:until_bucket IS NULL OR (r2_bucket, r2_key) <= (:until_bucket, :until_key))
  )
  AND (r2_bucket COLLATE BINARY, r2_key COLLATE BINARY) NOT IN (SELECT value ->> '$[0]', value ->> '$[1]' FROM json_each(:left))
GROUP BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
HAVING count(*) > 1
