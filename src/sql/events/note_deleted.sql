-- A row per artifact of :bucket whose key :keys lists (a JSON array) and an event of late said was deleted: its open mark
-- as missing, made at :now unless there was one: key, id, and when R2 confirmed it.
INSERT INTO steward_missing (r2_bucket, r2_key, artifact_id, seen_in)
SELECT :bucket, artifacts.r2_key, artifacts.id, :now
FROM json_each(:keys) AS listed
CROSS JOIN steward_deletions AS deletions ON deletions.r2_bucket = :bucket AND deletions.r2_key = listed.value
CROSS JOIN artifacts
  ON artifacts.r2_bucket COLLATE BINARY = :bucket AND artifacts.r2_key COLLATE BINARY = listed.value
WHERE true
ON CONFLICT (r2_bucket, r2_key, artifact_id) DO UPDATE SET
  seen_in = CASE WHEN resolved_at IS NULL THEN seen_in ELSE excluded.seen_in END,
  first_pass = CASE WHEN resolved_at IS NULL THEN first_pass END,
  last_pass = CASE WHEN resolved_at IS NULL THEN last_pass END,
  verified_at = CASE WHEN resolved_at IS NULL THEN verified_at END,
  resolved_at = NULL
RETURNING r2_key, artifact_id, verified_at
