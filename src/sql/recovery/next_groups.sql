-- Up to ?3 objects with several rows, in key order after (?1, ?2).
SELECT r2_bucket, r2_key FROM artifacts
WHERE (r2_bucket, r2_key) > (?1, ?2) AND r2_bucket IS NOT NULL AND r2_key IS NOT NULL
GROUP BY r2_bucket, r2_key
HAVING count(*) > 1
ORDER BY r2_bucket, r2_key
LIMIT ?3
