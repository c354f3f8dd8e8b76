-- One row: the objects with several rows, and how many rows they have beyond one.
SELECT count(*) AS groups, coalesce(sum(rows_of_it - 1), 0) AS losers
FROM (
  SELECT count(*) AS rows_of_it FROM artifacts
  WHERE r2_bucket IS NOT NULL AND r2_key IS NOT NULL
  GROUP BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
  HAVING count(*) > 1
)
