-- A row per UNIQUE constraint of table :table_name that holds column :column_name, unless the row's own key :own_key is
-- in it and keeps it: its other columns as a JSON array of [name, collation], whether it is about some rows only, and
-- the text of its index.
SELECT il.name, il.partial, (SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = il.name) AS text, (
  SELECT json_group_array(json_array(name, coll)) FROM pragma_index_xinfo(il.name) WHERE "key" = 1 AND name <> :column_name
) AS others
FROM pragma_index_list(CASE :table_name WHEN 'artifacts' THEN lower('artifacts') ELSE :table_name END) AS il
WHERE il."unique" = 1
  AND EXISTS (SELECT 1 FROM pragma_index_info(il.name) WHERE name = :column_name)
  AND NOT EXISTS (SELECT 1 FROM pragma_index_info(il.name) WHERE (name = :own_key AND name <> :column_name) OR name IS NULL)
UNION ALL
-- An INTEGER PRIMARY KEY has no index.
SELECT 'PRIMARY KEY', 0, NULL, '[]'
WHERE NOT EXISTS (SELECT 1 FROM pragma_index_list(CASE :table_name WHEN 'artifacts' THEN lower('artifacts') ELSE :table_name END) WHERE origin = 'pk')
  AND (SELECT json_group_array(name) FROM pragma_table_info(CASE :table_name WHEN 'artifacts' THEN lower('artifacts') ELSE :table_name END) WHERE pk > 0) = json_array(:column_name)
