-- The first :most objects of {{gone}} in the order of their bytes, with how many rows each has that nothing holds.
SELECT r2_bucket, r2_key, count(*) AS artifacts
FROM ({{gone}})
WHERE held_by IS NULL
GROUP BY r2_bucket, r2_key
ORDER BY r2_bucket, r2_key
LIMIT :most
