-- Up to :most objects with several rows, in the order of their bytes, from (:after_bucket, :after_key) on: bucket and
-- key as hexadecimal digits of their bytes, since a text that is no UTF-8 comes back as another one, and how many rows
-- it has.
-- Two searches: a row value whose columns name their collation is served by no index.
SELECT hex(r2_bucket) AS r2_bucket, hex(r2_key) AS r2_key, rows_of_it FROM (
  SELECT r2_bucket, r2_key, count(*) AS rows_of_it FROM artifacts
  WHERE r2_bucket COLLATE BINARY = :after_bucket AND r2_key COLLATE BINARY >= :after_key AND r2_key COLLATE BINARY < x'' AND {{plain}}
  GROUP BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
  HAVING count(*) > 1
  ORDER BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
  LIMIT :most
)
UNION ALL
SELECT hex(r2_bucket) AS r2_bucket, hex(r2_key) AS r2_key, rows_of_it FROM (
  SELECT r2_bucket, r2_key, count(*) AS rows_of_it FROM artifacts
  WHERE r2_bucket COLLATE BINARY > :after_bucket AND r2_bucket COLLATE BINARY < x'' AND {{plain}}
  GROUP BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
  HAVING count(*) > 1
  ORDER BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
  LIMIT :most
)
LIMIT :most
