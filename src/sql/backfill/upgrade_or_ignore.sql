-- No rows: gives those of the unknown artifacts their type that no constraint refuses. The page is one of :bucket.
UPDATE OR IGNORE artifacts SET source_type = page.source_type
FROM ({{decisions}}) AS page
WHERE page.decision = 'upgraded'
  AND artifacts.r2_bucket COLLATE BINARY = :bucket
  AND artifacts.r2_key COLLATE BINARY = page.r2_key
  AND artifacts.source_type COLLATE BINARY = 'unknown'
