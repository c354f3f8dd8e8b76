-- A row where the partial index over exactly the unknown artifacts is there.
SELECT il.name
FROM pragma_index_list('artifacts') AS il
JOIN sqlite_schema AS entry ON entry.type = 'index' AND entry.name = il.name
WHERE il.name = 'artifacts_unknown' AND il.partial = 1 AND entry.sql GLOB '*) WHERE source_type = ''unknown'''
