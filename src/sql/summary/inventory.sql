-- A row per bucket and source type: how many artifacts. Reads every row. A fragment.
SELECT r2_bucket, source_type, count(*) AS artifacts FROM artifacts
GROUP BY r2_bucket COLLATE BINARY, source_type COLLATE BINARY
