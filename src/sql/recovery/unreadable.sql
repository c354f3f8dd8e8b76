-- A row per object that holds a fetched_at which cannot be read beside another one, and the values it holds.
SELECT
  r2_bucket COLLATE BINARY AS r2_bucket,
  r2_key COLLATE BINARY AS r2_key,
  'fetched_at ' || substr(group_concat(coalesce(substr(quote(fetched_at), 1, 60), 'NULL'), ' or '), 1, 300) AS why
FROM ({{ranked}})
WHERE doubtful
GROUP BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
ORDER BY 1, 2
