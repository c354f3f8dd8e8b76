-- The flow that walks a bucket's pass: its latest instance, and when that was last at work. Who waits for the lease that
-- a flow has for most of the time, and since when.
CREATE TABLE IF NOT EXISTS steward_flows (
  bucket TEXT NOT NULL PRIMARY KEY,
  pass_started_at TEXT NOT NULL,
  number INTEGER NOT NULL,
  seen_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS steward_waiting (
  who TEXT NOT NULL PRIMARY KEY,
  since TEXT NOT NULL,
  until TEXT NOT NULL
) WITHOUT ROWID;
