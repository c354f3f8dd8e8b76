-- No rows: counts :asked objects that R2 was asked for after the pass over :bucket that began at :started_at.
UPDATE steward_passes SET heads = heads + :asked WHERE r2_bucket = :bucket AND r2_prefix = '' AND started_at = :started_at
