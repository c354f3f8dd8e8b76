-- No rows: inserts the page's objects that have no artifact, and gives the unknown artifacts their type.
-- The page is one of :bucket. A known type is final: the last condition holds whatever the plan counted.
INSERT INTO artifacts (id, r2_bucket, r2_key, source_type, fetched_at)
SELECT {{new_id}}, :bucket, r2_key, source_type, {{moment}}
FROM ({{decisions}})
WHERE decision IN ('inserted', 'upgraded')
ON CONFLICT (r2_bucket COLLATE BINARY, r2_key COLLATE BINARY) DO UPDATE SET source_type = excluded.source_type
WHERE artifacts.source_type COLLATE BINARY = 'unknown'
