-- What the queue of event notifications brought, as one row of counts. `lag_ms` is from the oldest event of the last batch
-- to its commit, `longest_lag_ms` the longest on `lag_day`; `held_at` is when a batch was last put off, and `held_why`.
CREATE TABLE IF NOT EXISTS steward_events (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  received INTEGER NOT NULL DEFAULT 0,
  puts INTEGER NOT NULL DEFAULT 0,
  deletes INTEGER NOT NULL DEFAULT 0,
  not_applied INTEGER NOT NULL DEFAULT 0,
  malformed INTEGER NOT NULL DEFAULT 0,
  unknown_action INTEGER NOT NULL DEFAULT 0,
  other_bucket INTEGER NOT NULL DEFAULT 0,
  dead INTEGER NOT NULL DEFAULT 0,
  last_event_at TEXT,
  committed_at TEXT,
  lag_ms INTEGER,
  lag_day TEXT,
  longest_lag_ms INTEGER,
  held_at TEXT,
  held_why TEXT
);
INSERT OR IGNORE INTO steward_events (id) VALUES (1);

-- The last messages that were not applied, and why.
CREATE TABLE IF NOT EXISTS steward_letters (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kept_at TEXT NOT NULL,
  queue TEXT NOT NULL,
  reason TEXT NOT NULL,
  body TEXT NOT NULL
);

-- What events said was deleted of late: a put of the same key that arrives after it is asked about.
CREATE TABLE IF NOT EXISTS steward_deletions (
  r2_bucket TEXT NOT NULL,
  r2_key TEXT NOT NULL,
  noted_at TEXT NOT NULL,
  PRIMARY KEY (r2_bucket, r2_key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS steward_deletions_by_time ON steward_deletions (noted_at);
