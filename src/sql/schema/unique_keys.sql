-- A row per unique index over every row of artifacts: its name, its origin (pk, u, c), its columns as a JSON array, and as one of "column COLLATION", both sorted.
SELECT
  il.name,
  il.origin,
  (
    SELECT json_group_array(column_name)
    FROM (SELECT lower(name) AS column_name FROM pragma_index_xinfo(il.name) WHERE key = 1 ORDER BY 1)
  ) AS columns,
  (
    SELECT json_group_array(collated)
    FROM (SELECT lower(name) || ' ' || coll AS collated FROM pragma_index_xinfo(il.name) WHERE key = 1 ORDER BY 1)
  ) AS collated
FROM pragma_index_list('artifacts') AS il
WHERE il."unique" = 1 AND il.partial = 0
