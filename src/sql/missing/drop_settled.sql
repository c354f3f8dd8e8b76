-- No rows: drops the settled marks of :bucket that were never verified: nobody was told of them.
DELETE FROM steward_missing WHERE r2_bucket = :bucket AND resolved_at IS NOT NULL AND verified_at IS NULL
