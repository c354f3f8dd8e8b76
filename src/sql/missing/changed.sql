-- Up to :most rows of steward_newer with the artifact that each is about, after bucket :after_bucket, key :after_key and
-- id :after_id. A fragment.
SELECT * FROM (
  SELECT
    newer.r2_bucket, newer.r2_key, newer.uploaded, newer.seen_at, artifacts.id AS artifact_id, artifacts.fetched_at,
    newer.r2_key AS place_key,
    typeof(artifacts.id) || ' ' || hex(substr(CAST(artifacts.id AS BLOB), 1, 100)) AS place_id
  FROM steward_newer AS newer
  CROSS JOIN artifacts
    ON artifacts.r2_bucket COLLATE BINARY = newer.r2_bucket AND artifacts.r2_key COLLATE BINARY = newer.r2_key
)
WHERE (r2_bucket, r2_key) >= (:after_bucket, :after_key)
  AND ((r2_bucket, r2_key) > (:after_bucket, :after_key) OR place_id > :after_id)
ORDER BY r2_bucket, r2_key, place_id
LIMIT :most
