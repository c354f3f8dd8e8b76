-- A row per column of artifacts: name, type, not_null, and its place in the primary key.
SELECT name, type, "notnull" AS not_null, pk FROM pragma_table_info('artifacts')
