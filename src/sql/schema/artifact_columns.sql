-- A row per column of artifacts: name, type, not_null, its place in the primary key, whether it has a default, and what
-- artifacts is (table, view, virtual, shadow).
-- SQLite's names are the same in upper and lower case: the columns that the statements name are spelled as they do.
SELECT
  CASE WHEN lower(name) IN ('id', 'r2_bucket', 'r2_key', 'source_type', 'fetched_at') THEN lower(name) ELSE name END AS name,
  type,
  "notnull" AS not_null,
  pk,
  dflt_value IS NOT NULL AS has_default,
  (SELECT list.type FROM pragma_table_list('artifacts') AS list WHERE list.schema = 'main') AS kind
FROM pragma_table_info('artifacts')
