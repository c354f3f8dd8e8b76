-- A row per bucket that has any: how many artifacts are known to have no object, and how many an older document; each
-- counted up to :most.
SELECT r2_bucket, sum(missing) AS missing, sum(newer) AS newer
FROM (
  SELECT r2_bucket, 1 AS missing, 0 AS newer FROM (
    SELECT steward_missing.r2_bucket FROM steward_missing
    CROSS JOIN artifacts
      ON artifacts.id = steward_missing.artifact_id
      AND artifacts.r2_bucket COLLATE BINARY = steward_missing.r2_bucket
      AND artifacts.r2_key COLLATE BINARY = steward_missing.r2_key
    WHERE verified_at IS NOT NULL AND resolved_at IS NULL
    LIMIT :most
  )
  UNION ALL
  SELECT r2_bucket, 0 AS missing, 1 AS newer FROM (SELECT r2_bucket FROM steward_newer LIMIT :most)
)
GROUP BY r2_bucket
