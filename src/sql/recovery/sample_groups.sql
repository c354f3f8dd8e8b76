-- Up to 20 of the groups: the object, the winner's id, and how many rows lose.
SELECT r2_bucket, r2_key, winner_id, count(*) - 1 AS losers
FROM ({{ranked}})
GROUP BY r2_bucket, r2_key, winner_id
ORDER BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
LIMIT 20
