-- A row per column of artifacts: name, type, not_null, and whether SQLite assigns its value (INTEGER PRIMARY KEY).
SELECT
  name,
  type,
  "notnull" AS not_null,
  upper(type) = 'INTEGER' AND pk = 1 AND (SELECT max(pk) FROM pragma_table_info('artifacts')) = 1 AS assigned
FROM pragma_table_info('artifacts')
