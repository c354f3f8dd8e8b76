-- No rows: creates the index that holds only the unknown rows: counting them costs their number, not the table's.
CREATE INDEX IF NOT EXISTS artifacts_unknown ON artifacts (r2_bucket, r2_key) WHERE source_type COLLATE BINARY = 'unknown'
