-- A row per unique index on r2_bucket, r2_key or both alone: any of them keeps a loser from returning. Whether it can
-- be dropped: one that is part of the table's declaration cannot.
SELECT il.name, il.origin = 'c' AS droppable
FROM pragma_index_list('artifacts') AS il
WHERE il."unique" = 1
  AND NOT EXISTS (
    SELECT 1 FROM pragma_index_xinfo(il.name) AS part
    WHERE part.key = 1 AND (part.name IS NULL OR lower(part.name) NOT IN (coalesce(lower('r2_bucket'), ''), lower('r2_key')))
  )
ORDER BY il.name
