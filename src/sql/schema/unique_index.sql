-- A row per unique index on exactly (r2_bucket, r2_key), compared byte for byte, over every row of artifacts.
SELECT il.name
FROM pragma_index_list('artifacts') AS il
WHERE il."unique" = 1
  AND il.partial = 0
  AND (
    SELECT json_group_array(lower(name) || ' ' || coll)
    FROM (SELECT name, coll FROM pragma_index_xinfo(il.name) WHERE key = 1 ORDER BY lower(name))
  ) = '["r2_bucket BINARY","r2_key BINARY"]'
