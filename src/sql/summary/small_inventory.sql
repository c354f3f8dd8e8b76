-- The inventory where artifacts has at most ?1 rows, else no row; reads at most twice as many. A fragment.
SELECT r2_bucket, source_type, count(*) AS artifacts FROM artifacts
WHERE (SELECT count(*) FROM (SELECT 1 FROM artifacts LIMIT ?1 + 1)) <= ?1
GROUP BY r2_bucket COLLATE BINARY, source_type COLLATE BINARY
