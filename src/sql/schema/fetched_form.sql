-- One row: of up to 100 values of fetched_at, how many there are, how many are numbers, and the largest of those.
SELECT
  count(*) AS dates,
  count(*) FILTER (WHERE typeof(fetched_at) IN ('integer', 'real')) AS numbers,
  max(CASE WHEN typeof(fetched_at) IN ('integer', 'real') THEN fetched_at * 1.0 END) AS largest
FROM (SELECT fetched_at FROM artifacts WHERE fetched_at IS NOT NULL LIMIT 100)
