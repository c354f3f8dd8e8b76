-- No rows: one row per object, from now on.
CREATE UNIQUE INDEX IF NOT EXISTS artifacts_one_per_object ON artifacts (r2_bucket, r2_key)
