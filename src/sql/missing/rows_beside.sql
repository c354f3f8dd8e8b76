-- The artifacts of :bucket after key :low up to :high (NULL is open), the first :rows of them. A fragment.
SELECT id, r2_key
FROM artifacts
WHERE r2_bucket COLLATE BINARY = :bucket
  AND r2_key COLLATE BINARY > :low
  AND (:high IS NULL OR r2_key COLLATE BINARY <= :high)
  AND typeof(r2_key) = 'text'
ORDER BY r2_key COLLATE BINARY
LIMIT :rows
