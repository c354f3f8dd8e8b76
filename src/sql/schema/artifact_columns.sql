-- A row per column of artifacts: name, type, not_null, its place in the primary key, and whether it has a default.
SELECT name, type, "notnull" AS not_null, pk, dflt_value IS NOT NULL AS has_default FROM pragma_table_info('artifacts')
