-- The artifacts of :buckets whose object is known to be gone, after (:after_bucket, :after_key) and up to (:until_bucket,
-- :until_key), or to the end where that is NULL; {{held_by}} is the place of what holds the row, NULL where nothing does.
-- A fragment.
SELECT missing.r2_bucket, missing.r2_key, artifacts.id, {{held_by}} AS held_by
FROM steward_missing AS missing
CROSS JOIN artifacts
  ON artifacts.id = missing.artifact_id
  AND artifacts.r2_bucket COLLATE BINARY = missing.r2_bucket
  AND artifacts.r2_key COLLATE BINARY = missing.r2_key
WHERE missing.verified_at IS NOT NULL
  AND missing.resolved_at IS NULL
  AND missing.r2_bucket IN (SELECT value FROM json_each(:buckets))
  AND (missing.r2_bucket, missing.r2_key) > (:after_bucket, :after_key)
  AND (missing.r2_bucket, missing.r2_key) <= (coalesce(:until_bucket, x''), coalesce(:until_key, x''))
