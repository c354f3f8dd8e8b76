-- The inventory where artifacts has at most :most rows, else no row; reads at most twice as many. A fragment.
SELECT r2_bucket, source_type, count(*) AS artifacts FROM artifacts
WHERE (SELECT count(*) FROM (SELECT 1 FROM artifacts LIMIT :most + 1)) <= :most
GROUP BY r2_bucket COLLATE BINARY, source_type COLLATE BINARY
