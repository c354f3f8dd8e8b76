-- Rows whose object a pass did not list. `seen_in` is when the pass began that saw it so last; `first_pass` and
-- `last_pass` are passes with a certificate; `verified_at` is when R2 said that there is no such object; `resolved_at`
-- is when the object was listed again, or the row was gone. artifact_id has no declared type: it keeps ids as they are.
CREATE TABLE IF NOT EXISTS steward_missing (
  r2_bucket TEXT NOT NULL,
  r2_key TEXT NOT NULL,
  artifact_id NOT NULL,
  seen_in TEXT NOT NULL,
  first_pass TEXT,
  last_pass TEXT,
  verified_at TEXT,
  resolved_at TEXT,
  PRIMARY KEY (r2_bucket, r2_key, artifact_id)
) WITHOUT ROWID;

-- Objects that were uploaded after the moment in their row.
CREATE TABLE IF NOT EXISTS steward_newer (
  r2_bucket TEXT NOT NULL,
  r2_key TEXT NOT NULL,
  uploaded TEXT NOT NULL,
  seen_at TEXT NOT NULL,
  PRIMARY KEY (r2_bucket, r2_key)
) WITHOUT ROWID;

ALTER TABLE steward_passes ADD COLUMN certificate TEXT;
ALTER TABLE steward_passes ADD COLUMN heads INTEGER NOT NULL DEFAULT 0;
