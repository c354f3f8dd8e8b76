-- Up to :most rows of steward_missing, after bucket :after_bucket, key :after_key and id :after_id, of :state unless it is
-- 'all'. A mark whose row is gone is resolved, though no pass has settled it yet. What a place is told by is bounded: no
-- object has a key of more than 1,024 bytes, and longer ones that begin alike count as one place. A fragment.
SELECT * FROM (
  SELECT
    *,
    CASE
      WHEN length(CAST(r2_key AS BLOB)) > 1024 THEN substr(r2_key, 1, 1024) || char(1114111) ELSE r2_key
    END AS place_key,
    typeof(artifact_id) || ' ' || hex(substr(CAST(artifact_id AS BLOB), 1, 100)) AS place_id,
    CASE
      WHEN resolved_at IS NOT NULL THEN 'resolved'
      WHEN NOT EXISTS (
        SELECT 1 FROM artifacts
        WHERE artifacts.id = steward_missing.artifact_id
          AND artifacts.r2_bucket COLLATE BINARY = steward_missing.r2_bucket
          AND artifacts.r2_key COLLATE BINARY = steward_missing.r2_key
      ) THEN 'resolved'
      WHEN verified_at IS NOT NULL THEN 'missing'
      ELSE 'candidate'
    END AS state
  FROM steward_missing
)
WHERE (r2_bucket, r2_key) >= (:after_bucket, :after_key)
  AND ((r2_bucket, r2_key) > (:after_bucket, :after_key) OR place_id > :after_id)
  AND (:state = 'all' OR state = :state)
ORDER BY r2_bucket, r2_key, place_id
LIMIT :most
