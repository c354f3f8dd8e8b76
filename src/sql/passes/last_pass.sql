-- One row or none: the latest pass over :bucket and :prefix.
SELECT started_at, completed_at, ranges, counts, page, previous, marks, copies
FROM steward_passes
WHERE r2_bucket = :bucket AND r2_prefix = :prefix
ORDER BY started_at DESC
LIMIT 1
