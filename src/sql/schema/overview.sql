-- A row per guard trigger (type, name, sql), per column of a foreign key on artifacts (type, name of the child table,
-- child_column, on_delete, and whether the key is that column on artifacts.id), and one where the index of the unknown
-- artifacts is there. One scan of the schema for all three.
-- D1 keeps tables of its own, named _cf_…, and refuses a pragma that names one; steward_control has no
-- foreign keys, so it stands in for whatever is no table of ours.
SELECT
  entry.type,
  entry.name,
  CASE entry.type WHEN 'trigger' THEN entry.sql END AS sql,
  reference."from" AS child_column,
  reference.on_delete,
  lower(coalesce(reference."to", (SELECT name FROM pragma_table_info('artifacts') WHERE pk = 1))) = 'id'
    AND NOT EXISTS (
      SELECT 1 FROM pragma_foreign_key_list(entry.name) AS further
      WHERE further.id = reference.id AND further.seq > 0
    ) AS by_id
FROM sqlite_schema AS entry
LEFT JOIN pragma_foreign_key_list(
  CASE WHEN entry.type = 'table' AND NOT entry.name GLOB '_cf_*' THEN entry.name ELSE 'steward_control' END
) AS reference
WHERE (entry.type = 'trigger' AND entry.name GLOB 'steward_guard_*')
  OR (
    entry.type = 'index'
    AND entry.name = 'artifacts_unknown'
    AND entry.tbl_name = 'artifacts'
    AND entry.sql GLOB '*) WHERE source_type = ''unknown'''
  )
  OR lower(reference."table") = 'artifacts'
