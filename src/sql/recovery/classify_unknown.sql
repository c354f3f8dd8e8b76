-- No rows: gives the unknown rows after (?1, ?2) up to (?4, ?5) the type of the winning rule. ?3 rules JSON.
UPDATE artifacts SET source_type = classified.source_type
FROM (
  SELECT id, {{source_type}} AS source_type
  FROM (
    SELECT id, r2_key FROM artifacts
    WHERE source_type COLLATE BINARY = 'unknown'
      AND (r2_bucket, r2_key) > (?1, ?2)
      AND (?4 IS NULL OR (r2_bucket, r2_key) <= (?4, ?5))
    LIMIT -1 OFFSET 0
  )
  LIMIT -1 OFFSET 0
) AS classified
WHERE artifacts.id = classified.id
  AND artifacts.source_type COLLATE BINARY = 'unknown'
  AND classified.source_type IS NOT NULL
