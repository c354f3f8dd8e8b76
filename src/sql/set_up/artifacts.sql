-- No rows: the table `artifacts` as the migrations make it; what has this very text is a fresh database's.
CREATE TABLE artifacts (
  id INTEGER PRIMARY KEY,
  r2_bucket TEXT NOT NULL,
  r2_key TEXT NOT NULL,
  source_type TEXT NOT NULL DEFAULT 'unknown',
  fetched_at TEXT,
  UNIQUE (r2_bucket, r2_key)
)
