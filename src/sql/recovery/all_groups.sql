-- The first :max_groups objects that have several rows, as :selected (JSON) selects: less those in `left` (an array of
-- [bucket, key]), and only those before `before` ([bucket, key]) where there is one. A fragment.
-- A row whose bucket or key is no plain text is merged with no other. Keys are bytes, whatever collation their columns
-- declare.
SELECT r2_bucket, r2_key FROM artifacts
WHERE {{plain}}
  AND (r2_bucket COLLATE BINARY, r2_key COLLATE BINARY) NOT IN (
    SELECT value ->> '$[0]', value ->> '$[1]' FROM json_each(:selected, '$.left')
  )
  AND (
    (SELECT :selected ->> '$.before') IS NULL
    OR (r2_bucket COLLATE BINARY, r2_key COLLATE BINARY) < (SELECT :selected ->> '$.before[0]', :selected ->> '$.before[1]')
  )
GROUP BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
HAVING count(*) > 1
ORDER BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
LIMIT :max_groups
