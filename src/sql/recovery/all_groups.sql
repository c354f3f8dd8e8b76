-- The first ?1 objects that have several rows, less those in ?2 (a JSON array of [bucket, key]). A fragment.
-- A row without bucket or key names no object. Keys are bytes, whatever collation their columns declare.
SELECT r2_bucket, r2_key FROM artifacts
WHERE r2_bucket IS NOT NULL AND r2_key IS NOT NULL
  AND (r2_bucket COLLATE BINARY, r2_key COLLATE BINARY) NOT IN (SELECT value ->> '$[0]', value ->> '$[1]' FROM json_each(?2))
GROUP BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
HAVING count(*) > 1
ORDER BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
LIMIT ?1
