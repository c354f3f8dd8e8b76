-- A row per unique index over every row of artifacts: its name, its origin (pk, u, c), and what it covers as a JSON array
-- of "column COLLATION", sorted; null stands for an expression.
SELECT
  il.name,
  il.origin,
  (
    SELECT json_group_array(collated)
    FROM (SELECT lower(name) || ' ' || coll AS collated FROM pragma_index_xinfo(il.name) WHERE key = 1 ORDER BY 1)
  ) AS covered
FROM pragma_index_list('artifacts') AS il
WHERE il."unique" = 1 AND il.partial = 0
