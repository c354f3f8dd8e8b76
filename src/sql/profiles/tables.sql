-- A row per column of each ordinary table, by name: table_name, its column, type, place in the primary key, whether a
-- unique index covers it alone, and the table and column that a foreign key on it points at. D1's own tables are left
-- out: it refuses a pragma that names one.
SELECT
  entry.name AS table_name,
  info.name AS column_name,
  upper(info.type) AS type,
  info.pk,
  EXISTS (
    SELECT 1 FROM pragma_index_list(entry.name) AS il
    WHERE il."unique" = 1 AND il.partial = 0
      AND (SELECT json_group_array(name) FROM pragma_index_info(il.name)) = json_array(info.name)
  ) AS is_unique,
  reference."table" AS parent
FROM sqlite_schema AS entry, pragma_table_info(
  CASE WHEN entry.type = 'table' AND NOT entry.name GLOB '_cf_*' THEN entry.name ELSE 'steward_control' END
) AS info
LEFT JOIN pragma_foreign_key_list(entry.name) AS reference ON reference."from" = info.name
WHERE entry.type = 'table' AND NOT entry.name GLOB '_cf_*' AND NOT entry.name GLOB 'sqlite_*'
  AND NOT upper(entry.sql) GLOB 'CREATE VIRTUAL*'
ORDER BY entry.name, info.cid
