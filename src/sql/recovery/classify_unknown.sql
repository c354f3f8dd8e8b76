-- No rows: gives the unknown rows after (:after_bucket, :after_key) up to (:until_bucket, :until_key) the
-- type of the winning rule.
UPDATE artifacts SET source_type = classified.source_type
FROM (
  SELECT id, {{source_type}} AS source_type
  FROM (
    SELECT id, r2_key FROM artifacts
    WHERE source_type COLLATE BINARY = 'unknown'
      AND (r2_bucket, r2_key) > (:after_bucket, :after_key)
      AND (:until_bucket IS NULL OR (r2_bucket, r2_key) <= (:until_bucket, :until_key))
    LIMIT -1 OFFSET 0
  )
  LIMIT -1 OFFSET 0
) AS classified
WHERE artifacts.id = classified.id
  AND artifacts.source_type COLLATE BINARY = 'unknown'
  AND classified.source_type IS NOT NULL
