-- A row per object that holds a fetched_at which cannot be read beside another one, and two of the values it holds.
SELECT
  r2_bucket COLLATE BINARY AS r2_bucket,
  r2_key COLLATE BINARY AS r2_key,
  trim('fetched_at') || ' ' || min(stored) || ' beside ' || max(stored) AS why
FROM (SELECT r2_bucket, r2_key, substr(quote(fetched_at), 1, 60) AS stored FROM ({{ranked}}) WHERE doubtful)
GROUP BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
ORDER BY 1, 2
