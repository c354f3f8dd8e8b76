-- A row per guard trigger (type, name, sql) and per foreign key on artifacts.id (type, name of the child table, child_column).
SELECT
  entry.type,
  entry.name,
  CASE entry.type WHEN 'trigger' THEN entry.sql END AS sql,
  reference."from" AS child_column
FROM sqlite_schema AS entry
LEFT JOIN pragma_foreign_key_list(entry.name) AS reference ON entry.type = 'table'
WHERE (entry.type = 'trigger' AND entry.name GLOB 'steward_guard_*')
  OR (
    lower(reference."table") = 'artifacts'
    AND (reference."to" IS NULL OR lower(reference."to") = 'id')
    AND NOT EXISTS (
      SELECT 1 FROM pragma_foreign_key_list(entry.name) AS further
      WHERE further.id = reference.id AND further.seq > 0
    )
  )
