-- Objects whose row the database refuses: they are passed over until the next pass, which tries them again.
CREATE TABLE IF NOT EXISTS steward_refused (
  r2_bucket TEXT NOT NULL,
  r2_key TEXT NOT NULL,
  reason TEXT NOT NULL,
  refused_at TEXT NOT NULL,
  PRIMARY KEY (r2_bucket, r2_key)
) WITHOUT ROWID;
