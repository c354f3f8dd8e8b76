-- A row per open mark of :bucket whose key :keys lists (a JSON array): key, id, and when R2 confirmed it.
SELECT r2_key, artifact_id, verified_at
FROM steward_missing
WHERE r2_bucket = :bucket AND r2_key IN (SELECT value FROM json_each(:keys)) AND resolved_at IS NULL
