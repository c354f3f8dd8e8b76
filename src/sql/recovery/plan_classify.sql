-- One row: unknown rows, and how many of them a rule matches, once the groups are merged.
-- A row without bucket or key names no object: no rule is for it.
SELECT
  count(*) AS unknown,
  count(CASE WHEN (r2_bucket, r2_key) > ('', '') THEN {{source_type}} END) AS classified
FROM (
  SELECT r2_bucket, r2_key FROM artifacts
  WHERE source_type COLLATE BINARY = 'unknown'
    AND id NOT IN (SELECT id FROM ({{ranked}}) WHERE source_type COLLATE BINARY = 'unknown' AND (place > 1 OR known > 0))
  LIMIT -1 OFFSET 0
)
