-- holds: no object was uploaded after its artifact's fetched_at, by more than CLOCK_SLACK_SECONDS
-- severity: warn
-- row: an artifact that tells of an older document than the object is now
-- do: fetch it again, or correct fetched_at; the next pass looks again
-- needs: artifacts.id, artifacts.r2_bucket, artifacts.r2_key, artifacts.fetched_at
-- evidence: pass
-- keys: r2_bucket, r2_key, id
SELECT artifacts.id, newer.r2_bucket, newer.r2_key, artifacts.fetched_at, newer.uploaded
FROM steward_newer AS newer
CROSS JOIN artifacts
  ON artifacts.r2_bucket COLLATE BINARY = newer.r2_bucket
  AND artifacts.r2_key COLLATE BINARY = newer.r2_key
