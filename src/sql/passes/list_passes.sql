-- Up to :most passes, newest first: of :bucket and :prefix unless NULL, older than pass :before unless NULL. Without
-- ranges and samples, whose keys are long.
SELECT
  id, r2_bucket, r2_prefix, started_at, saved_at, completed_at,
  json_remove(counts, '$.unclassified_sample', '$.newer_sample') AS counts, page,
  json_remove(previous, '$.unclassified_sample', '$.newer_sample') AS previous, certificate, heads
FROM steward_passes
WHERE (:bucket IS NULL OR r2_bucket = :bucket)
  AND (:prefix IS NULL OR r2_prefix = :prefix)
  AND (:before IS NULL OR id < :before)
ORDER BY id DESC
LIMIT :most
