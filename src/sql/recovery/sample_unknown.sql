-- Up to 20 unknown rows that no rule matches.
SELECT id, r2_bucket, r2_key FROM artifacts
WHERE source_type COLLATE BINARY = 'unknown' AND {{source_type}} IS NULL
LIMIT 20
