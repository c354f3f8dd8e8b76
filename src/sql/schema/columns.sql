-- A row per column of the tables in :tables (a JSON array of names): table_name, kind (table, view, virtual, shadow),
-- whether it is without a rowid, the column's name, its place in the primary key, and whether it is computed.
SELECT
  wanted.value AS table_name,
  list.type AS kind,
  list.wr AS without_rowid,
  info.name,
  info.type,
  info.pk,
  info.hidden IN (2, 3) AS computed
FROM json_each(:tables) AS wanted, pragma_table_list(wanted.value) AS list, pragma_table_xinfo(wanted.value) AS info
WHERE info.hidden <> 1
