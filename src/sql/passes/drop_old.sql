-- No rows: drops the passes over :bucket and :prefix but the latest :kept.
DELETE FROM steward_passes
WHERE r2_bucket = :bucket AND r2_prefix = :prefix AND started_at < (
  SELECT started_at FROM steward_passes
  WHERE r2_bucket = :bucket AND r2_prefix = :prefix
  ORDER BY started_at DESC
  LIMIT 1 OFFSET :kept
)
