-- No rows: settles at :now the marks of the artifacts that run :run forgot in chunk :chunk: a later row of the same object
-- may well get the same id.
UPDATE steward_missing SET resolved_at = :now
WHERE resolved_at IS NULL
  AND (r2_bucket, r2_key, artifact_id) IN (
    SELECT {{r2_bucket}}, {{r2_key}}, loser_id FROM steward_merges WHERE run = :run AND chunk = :chunk
  )
