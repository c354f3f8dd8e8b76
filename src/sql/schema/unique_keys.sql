-- A row per unique index over every row of artifacts: its name, its origin (pk, u, c), and what it covers as a JSON
-- array of "column COLLATION"; null stands for an expression.
SELECT
  il.name,
  il.origin,
  (SELECT json_group_array(lower(name) || ' ' || coll) FROM pragma_index_xinfo(il.name) WHERE key = 1) AS covered
FROM pragma_index_list('artifacts') AS il
WHERE il."unique" = 1 AND il.partial = 0
