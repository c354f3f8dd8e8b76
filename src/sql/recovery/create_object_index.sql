-- No rows: an index that finds the rows of an object while there is no unique one.
CREATE INDEX IF NOT EXISTS steward_objects ON artifacts (r2_bucket COLLATE BINARY, r2_key COLLATE BINARY)
