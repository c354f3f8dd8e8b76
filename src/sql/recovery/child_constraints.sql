-- A row per UNIQUE constraint of table ?1 that holds column ?2, unless the row's own key ?3 is in it and keeps it: its
-- other columns as a JSON array of [name, collation], whether it is about some rows only, and the text of its index.
SELECT il.name, il.partial, (SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = il.name) AS text, (
  SELECT json_group_array(json_array(name, coll)) FROM pragma_index_xinfo(il.name) WHERE "key" = 1 AND name <> ?2
) AS others
FROM pragma_index_list(?1) AS il
WHERE il."unique" = 1
  AND EXISTS (SELECT 1 FROM pragma_index_info(il.name) WHERE name = ?2)
  AND NOT EXISTS (SELECT 1 FROM pragma_index_info(il.name) WHERE (name = ?3 AND name <> ?2) OR name IS NULL)
UNION ALL
-- An INTEGER PRIMARY KEY has no index.
SELECT 'PRIMARY KEY', 0, NULL, '[]'
WHERE NOT EXISTS (SELECT 1 FROM pragma_index_list(?1) WHERE origin = 'pk')
  AND (SELECT json_group_array(name) FROM pragma_table_info(?1) WHERE pk > 0) = json_array(?2)
