-- A row per column of artifacts: name, own (what the table calls it), type, not_null, its place in the primary key, whether
-- it has a default, what artifacts is (table, view, virtual, shadow), what the database calls it, and what each of the
-- columns that the statements name should be called there.
-- SQLite's names are the same in upper and lower case: the columns that the statements name are spelled as they do. A
-- column that one value stands for is there as well; it has no own name.
SELECT
  CASE lower(info.name)
    WHEN lower('id') THEN 'id'
    WHEN lower('r2_bucket') THEN 'r2_bucket'
    WHEN lower('r2_key') THEN 'r2_key'
    WHEN lower('source_type') THEN 'source_type'
    WHEN lower('fetched_at') THEN 'fetched_at'
    ELSE info.name
  END AS name,
  info.name AS own,
  info.type,
  info."notnull" AS not_null,
  info.pk,
  info.dflt_value IS NOT NULL AS has_default,
  (SELECT list.type FROM pragma_table_list('artifacts') AS list WHERE list.schema = 'main') AS kind,
  (SELECT list.name FROM pragma_table_list('artifacts') AS list WHERE list.schema = 'main') AS own_table,
  json_object(
    'id', trim('id'), 'r2_key', trim('r2_key'), 'r2_bucket', trim('r2_bucket'),
    'source_type', trim('source_type'), 'fetched_at', trim('fetched_at')
  ) AS wanted
FROM pragma_table_info('artifacts') AS info
UNION ALL
SELECT 'r2_bucket', NULL, 'TEXT', 1, 0, 1, 'table', NULL, NULL WHERE lower('r2_bucket') IS NULL
UNION ALL
SELECT 'source_type', NULL, 'TEXT', 1, 0, 1, 'table', NULL, NULL WHERE lower('source_type') IS NULL
UNION ALL
SELECT 'fetched_at', NULL, 'TEXT', 0, 0, 1, 'table', NULL, NULL WHERE lower('fetched_at') IS NULL
