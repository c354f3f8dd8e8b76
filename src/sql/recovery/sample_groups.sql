-- Up to 20 of the groups: the object, the winner's id and date, how many rows lose, and the first losers with their
-- dates.
SELECT
  r2_bucket,
  r2_key,
  winner_id,
  max(CASE WHEN place = 1 THEN coalesce(CAST(fetched_at AS TEXT), 'NULL') END) AS winner_fetched_at,
  count(*) - 1 AS losers,
  group_concat(CASE WHEN place BETWEEN 2 AND 6 THEN id || ' (' || substr(coalesce(fetched_at, 'NULL'), 1, 40) || ')' END, ', ')
    AS losing_rows
FROM ({{ranked}})
GROUP BY r2_bucket, r2_key, winner_id
ORDER BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
LIMIT 20
