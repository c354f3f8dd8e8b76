-- A row per guard trigger (type, name, sql), per column of a foreign key (type, name of the child table, child_column,
-- on_delete, the key's number, the parent table and its column, and whether the key is that column on artifacts.id),
-- per further table whose text speaks of artifacts or of a key, and one where the index of the unknown artifacts is
-- there.
-- One scan of the schema for all of them.
-- D1 keeps tables of its own, named _cf_…, and refuses a pragma that names one; steward_control has no foreign keys, so
-- it stands in for whatever is no table of theirs.
SELECT
  entry.type,
  entry.name,
  CASE entry.type WHEN 'trigger' THEN entry.sql END AS sql,
  reference.id AS key_number,
  reference."from" AS child_column,
  reference.on_delete,
  lower(reference."table") AS parent,
  lower(reference."to") AS parent_column,
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
    AND lower(entry.tbl_name) = 'artifacts'
    AND entry.sql GLOB '*) WHERE source_type COLLATE BINARY = ''unknown'''
  )
  OR reference."table" IS NOT NULL
  OR (
    entry.type = 'table'
    AND NOT entry.name GLOB '_cf_*'
    AND (
      instr(lower(entry.sql), 'artifact') > 0
      OR instr(lower(entry.sql), 'r2_key') > 0
      OR instr(lower(entry.sql), 'bucket') > 0
    )
  )
