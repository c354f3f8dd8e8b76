-- A row per unique index on exactly (r2_bucket, r2_key), compared byte for byte, over every row of artifacts; on the key
-- alone where one value stands for the bucket.
SELECT il.name
FROM pragma_index_list('artifacts') AS il
WHERE il."unique" = 1
  AND il.partial = 0
  AND (
    SELECT json_group_array(word || ' ' || coll)
    FROM (
      SELECT
        CASE lower(name) WHEN lower('r2_bucket') THEN 'r2_bucket' WHEN lower('r2_key') THEN 'r2_key' ELSE '(another)' END AS word,
        coll
      FROM pragma_index_xinfo(il.name)
      WHERE key = 1
      ORDER BY word
    )
  ) = CASE WHEN lower('r2_bucket') IS NULL THEN '["r2_key BINARY"]' ELSE '["r2_bucket BINARY","r2_key BINARY"]' END
