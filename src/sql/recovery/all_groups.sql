-- The first ?1 objects that have several rows, less those in ?2 (a JSON array of [bucket, key]). A fragment.
-- A row without bucket or key names no object.
SELECT r2_bucket, r2_key FROM artifacts
WHERE r2_bucket IS NOT NULL AND r2_key IS NOT NULL
  AND (r2_bucket, r2_key) NOT IN (SELECT value ->> '$[0]', value ->> '$[1]' FROM json_each(?2))
GROUP BY r2_bucket, r2_key
HAVING count(*) > 1
ORDER BY r2_bucket, r2_key
LIMIT ?1
