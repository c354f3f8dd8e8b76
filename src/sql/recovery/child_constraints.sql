-- A row per UNIQUE constraint of table ?1 that holds column ?2 and would not be kept by the row's own key ?3: its
-- columns other than ?2, as a JSON array.
SELECT il.name, (
  SELECT json_group_array(name) FROM pragma_index_info(il.name) WHERE name <> ?2
) AS others
FROM pragma_index_list(?1) AS il
WHERE il."unique" = 1
  AND il.partial = 0
  AND EXISTS (SELECT 1 FROM pragma_index_info(il.name) WHERE name = ?2)
  AND NOT EXISTS (SELECT 1 FROM pragma_index_info(il.name) WHERE name = ?3 OR name IS NULL)
