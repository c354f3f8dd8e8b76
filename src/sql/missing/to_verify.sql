-- A row per artifact of :bucket that two passes with a certificate, at least :hours apart, list no object for, and that
-- R2 was not asked for since: its key and id; at most :rows.
SELECT missing.r2_key, missing.artifact_id
FROM steward_missing AS missing
CROSS JOIN artifacts
  ON artifacts.id = missing.artifact_id
  AND artifacts.r2_bucket COLLATE BINARY = missing.r2_bucket
  AND artifacts.r2_key COLLATE BINARY = missing.r2_key
WHERE missing.r2_bucket = :bucket
  AND missing.verified_at IS NULL
  AND missing.resolved_at IS NULL
  AND (julianday(missing.last_pass) - julianday(missing.first_pass)) * 24 >= :hours
  AND missing.last_pass > missing.first_pass
ORDER BY missing.r2_key
LIMIT :rows
