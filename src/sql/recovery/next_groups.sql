-- Up to ?3 objects with several rows, in the order of their bytes, from (?1, ?2) on.
-- Two searches: a row value whose columns name their collation is served by no index.
SELECT r2_bucket, r2_key FROM (
  SELECT r2_bucket, r2_key FROM artifacts
  WHERE r2_bucket COLLATE BINARY = ?1 AND r2_key COLLATE BINARY >= ?2
  GROUP BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
  HAVING count(*) > 1
  ORDER BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
  LIMIT ?3
)
UNION ALL
SELECT r2_bucket, r2_key FROM (
  SELECT r2_bucket, r2_key FROM artifacts
  WHERE r2_bucket COLLATE BINARY > ?1 AND r2_key IS NOT NULL
  GROUP BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
  HAVING count(*) > 1
  ORDER BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
  LIMIT ?3
)
LIMIT ?3
