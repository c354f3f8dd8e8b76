-- A row per UNIQUE constraint that holds the column of a reference, unless the row's own key is in it and keeps it: the
-- reference's place in :references, a JSON array of [table, column, own key]; the constraint's other columns as a JSON
-- array of [name, collation], whether it is about some rows only, and the text of its index.
WITH wanted AS (
  SELECT
    key AS place,
    CASE value ->> '$[0]' WHEN 'artifacts' THEN lower('artifacts') ELSE value ->> '$[0]' END AS table_name,
    value ->> '$[1]' AS column_name,
    value ->> '$[2]' AS own_key
  FROM json_each(:references)
)
SELECT wanted.place, il.name, il.partial, (SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = il.name) AS text, (
  SELECT json_group_array(json_array(name, coll)) FROM pragma_index_xinfo(il.name) WHERE "key" = 1 AND name <> wanted.column_name
) AS others
FROM wanted CROSS JOIN pragma_index_list(wanted.table_name) AS il
WHERE il."unique" = 1
  AND EXISTS (SELECT 1 FROM pragma_index_info(il.name) WHERE name = wanted.column_name)
  AND NOT EXISTS (
    SELECT 1 FROM pragma_index_info(il.name) WHERE (name = wanted.own_key AND name <> wanted.column_name) OR name IS NULL
  )
UNION ALL
-- An INTEGER PRIMARY KEY has no index.
SELECT wanted.place, 'PRIMARY KEY', 0, NULL, '[]'
FROM wanted
WHERE NOT EXISTS (SELECT 1 FROM pragma_index_list(wanted.table_name) WHERE origin = 'pk')
  AND (SELECT json_group_array(name) FROM pragma_table_info(wanted.table_name) WHERE pk > 0) = json_array(wanted.column_name)
