-- A row per column of the tables in ?1 (a JSON array of names): table_name, name, and its place in the primary key.
SELECT
  wanted.value AS table_name,
  info.name,
  info.pk,
  (SELECT wr FROM pragma_table_list(wanted.value)) AS without_rowid
FROM json_each(?1) AS wanted, pragma_table_info(wanted.value) AS info
