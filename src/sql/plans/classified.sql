-- Those of the {{unknown}} rows that a rule matches, each with the type that it gives. A fragment.
-- CTEs, here and in what this is put into: SQLite's parser takes no subqueries so deep within each other.
WITH unknown AS ({{unknown}}),
typed AS (SELECT id, r2_bucket, r2_key, {{source_type}} AS becomes FROM unknown LIMIT -1 OFFSET 0)
SELECT id, r2_bucket, r2_key, becomes FROM typed WHERE becomes IS NOT NULL
