-- Base tables of a fresh database, and the steward's own. Every statement leaves what exists as it is:
-- constraints that a dirty table would refuse are declared inside CREATE TABLE, so only a fresh one gets them.

CREATE TABLE IF NOT EXISTS artifacts (
  id INTEGER PRIMARY KEY,
  r2_bucket TEXT NOT NULL,
  r2_key TEXT NOT NULL,
  source_type TEXT NOT NULL DEFAULT 'unknown',
  fetched_at TEXT,
  UNIQUE (r2_bucket, r2_key)
);

-- Without a foreign key: it would refer to an `artifacts` that may be another's, and make every delete there fail. The
-- first tick declares it where the tables are fresh.
CREATE TABLE IF NOT EXISTS datapoints (
  id INTEGER PRIMARY KEY,
  artifact_id INTEGER,
  UNIQUE (artifact_id, id)
);

CREATE TABLE IF NOT EXISTS source_type_rules (
  priority INTEGER NOT NULL,
  pattern TEXT NOT NULL PRIMARY KEY,
  source_type TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS steward_runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  mode TEXT NOT NULL,
  trigger TEXT NOT NULL,
  status TEXT NOT NULL,
  started_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  finished_at TEXT,
  request TEXT NOT NULL,
  counts TEXT,
  cost TEXT,
  error TEXT
);
CREATE INDEX IF NOT EXISTS steward_runs_by_kind ON steward_runs (kind, id);
CREATE INDEX IF NOT EXISTS steward_runs_running ON steward_runs (expires_at) WHERE status = 'running';

CREATE TABLE IF NOT EXISTS steward_control (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  paused_by TEXT,
  pause_reason TEXT,
  paused_at TEXT,
  lease_token TEXT,
  lease_run INTEGER,
  lease_until TEXT,
  fence INTEGER NOT NULL DEFAULT 0,
  deletes_left INTEGER NOT NULL DEFAULT 0 CHECK (deletes_left >= 0),
  full_checked_at TEXT,
  full_check TEXT,
  last_check TEXT,
  inventory TEXT
);
INSERT OR IGNORE INTO steward_control (id) VALUES (1);

CREATE TABLE IF NOT EXISTS steward_findings (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  invariant TEXT NOT NULL,
  severity TEXT NOT NULL,
  opened_at TEXT NOT NULL,
  last_seen_at TEXT NOT NULL,
  resolved_at TEXT,
  violations INTEGER NOT NULL,
  peak INTEGER NOT NULL,
  sample TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS steward_findings_open ON steward_findings (invariant) WHERE resolved_at IS NULL;

-- loser_id and winner_id have no declared type: they keep INTEGER and TEXT ids as they are. `reused` is 1 from when
-- another artifact took the loser's id.
CREATE TABLE IF NOT EXISTS steward_merges (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run INTEGER NOT NULL,
  chunk INTEGER NOT NULL,
  loser_id NOT NULL,
  winner_id NOT NULL,
  loser TEXT NOT NULL,
  undone_by INTEGER,
  reused INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS steward_merges_by_run ON steward_merges (run, chunk);
CREATE INDEX IF NOT EXISTS steward_merges_by_loser ON steward_merges (loser_id);

-- A row per child row that was pointed elsewhere: by a merge, or, with winner_id, because its artifact was missing.
CREATE TABLE IF NOT EXISTS steward_remaps (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run INTEGER NOT NULL,
  child_table TEXT NOT NULL,
  child_column TEXT NOT NULL,
  row_key NOT NULL,
  loser_id NOT NULL,
  winner_id,
  undone_by INTEGER
);
CREATE INDEX IF NOT EXISTS steward_remaps_by_run ON steward_remaps (run, child_table, child_column, loser_id);

-- Alerts to send, and those sent: a change of a finding and its alert are written in one transaction.
CREATE TABLE IF NOT EXISTS steward_alerts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  created_at TEXT NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  sent_at TEXT,
  last_error TEXT
);
CREATE INDEX IF NOT EXISTS steward_alerts_unsent ON steward_alerts (id) WHERE sent_at IS NULL;

CREATE TABLE IF NOT EXISTS steward_overrides (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  artifact_id NOT NULL,
  from_type TEXT NOT NULL,
  to_type TEXT NOT NULL,
  reason TEXT NOT NULL,
  created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  used_at TEXT
);
