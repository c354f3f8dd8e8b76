-- A row per table, trigger and unique index of the tables in :tables (a JSON array of names), with its text; without what this
-- Worker makes, and without an index on bucket and key: a recovery creates that, and an undo drops it.
SELECT type, name, sql FROM sqlite_schema
WHERE CASE lower(tbl_name) WHEN lower('artifacts') THEN 'artifacts' ELSE lower(tbl_name) END IN (
    SELECT lower(value) FROM json_each(:tables)
  )
  AND name NOT GLOB 'steward_*'
  AND (type IN ('table', 'trigger', 'view') OR upper(sql) GLOB 'CREATE UNIQUE*')
  AND name NOT IN (SELECT name FROM ({{pair_indexes}}))
ORDER BY type, name
