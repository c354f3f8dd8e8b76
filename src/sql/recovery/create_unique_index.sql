-- No rows: one row per object, byte for byte, from now on.
CREATE UNIQUE INDEX IF NOT EXISTS artifacts_one_per_object ON artifacts (r2_bucket COLLATE BINARY, r2_key COLLATE BINARY)
