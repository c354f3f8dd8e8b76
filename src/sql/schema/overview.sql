-- A row per guard trigger (type, name, sql), per column of a foreign key (type, name of the child table, child_column,
-- on_delete, the key's number, the parent table and its column, and whether the key is that column on artifacts.id),
-- per further table whose text speaks of artifacts or of a key, and one where the index of the unknown artifacts is
-- there.
-- One scan of the schema for all of them.
-- D1 keeps tables of its own, named _cf_…, and refuses a pragma that names one; steward_control has no foreign keys, so
-- it stands in for whatever is no table of theirs.
SELECT
  entry.type,
  CASE lower(entry.name) WHEN lower('artifacts') THEN 'artifacts' WHEN 'artifacts' THEN 'another artifacts' ELSE entry.name END AS name,
  CASE entry.type WHEN 'trigger' THEN entry.sql END AS sql,
  reference.id AS key_number,
  reference."from" AS child_column,
  reference.on_delete,
  CASE lower(reference."table")
    WHEN lower('artifacts') THEN 'artifacts'
    WHEN 'artifacts' THEN 'another artifacts'
    ELSE lower(reference."table")
  END AS parent,
  CASE lower(reference."to")
    WHEN lower('id') THEN 'id'
    WHEN lower('r2_bucket') THEN 'r2_bucket'
    WHEN lower('r2_key') THEN 'r2_key'
    WHEN lower('source_type') THEN 'source_type'
    WHEN lower('fetched_at') THEN 'fetched_at'
    ELSE lower(reference."to")
  END AS parent_column,
  lower(coalesce(reference."to", (SELECT name FROM pragma_table_info('artifacts') WHERE pk = 1))) = lower('id')
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
    AND lower(entry.tbl_name) = lower('artifacts')
    AND entry.sql GLOB '*) WHERE * COLLATE BINARY = ''unknown'''
  )
  OR reference."table" IS NOT NULL
  OR (
    entry.type = 'table'
    AND NOT entry.name GLOB '_cf_*'
    AND (
      instr(lower(entry.sql), rtrim(lower('artifacts'), 's')) > 0
      OR instr(lower(entry.sql), 'r2_key') > 0
      OR instr(lower(entry.sql), 'bucket') > 0
    )
  )
