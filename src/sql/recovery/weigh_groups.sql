-- A row per object of {{groups}}, in order: how many of its rows there are, and of their children. The most that a
-- merge touches.
SELECT grouped.r2_bucket, grouped.r2_key, count(*) AS rows_of_it, sum({{children}}) AS children
FROM ({{groups}}) AS grouped
JOIN artifacts
  ON artifacts.r2_bucket = grouped.r2_bucket COLLATE BINARY AND artifacts.r2_key = grouped.r2_key COLLATE BINARY
GROUP BY grouped.r2_bucket, grouped.r2_key
ORDER BY 1, 2
