-- One row: the objects with several rows, how many rows they have beyond one, and how many of both cannot be merged,
-- since their bucket or key is no plain text.
SELECT
  count(*) AS groups,
  coalesce(sum(rows_of_it - 1), 0) AS losers,
  count(*) FILTER (WHERE NOT plain) AS odd_groups,
  coalesce(sum(rows_of_it - 1) FILTER (WHERE NOT plain), 0) AS odd_losers
FROM (
  SELECT count(*) AS rows_of_it, {{plain}} AS plain FROM artifacts
  WHERE r2_bucket IS NOT NULL AND r2_key IS NOT NULL
  GROUP BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
  HAVING count(*) > 1
)
