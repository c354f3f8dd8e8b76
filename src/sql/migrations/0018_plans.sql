-- Plans: what a dry run found that a live one would do, kept so that it can be looked at, approved, and applied as it is.
-- The items are in slices of some hundreds, so a plan of 100,000 objects is some hundreds of rows. `digest` is NULL until all
-- slices are there; `slice` and `done` say how far it is applied. `as_planned` would become NULL, and takes the transaction
-- back, where a row is not as the plan has it.
CREATE TABLE IF NOT EXISTS steward_plans (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  target TEXT NOT NULL,
  request TEXT NOT NULL,
  basis TEXT NOT NULL,
  made_run INTEGER NOT NULL,
  made_at TEXT NOT NULL,
  made_by TEXT,
  token_name TEXT,
  expires_at TEXT NOT NULL,
  digest TEXT,
  items INTEGER NOT NULL DEFAULT 0,
  totals TEXT,
  forecast TEXT,
  stopped_after TEXT,
  approved_at TEXT,
  approved_by TEXT,
  approved_token TEXT,
  begun_at TEXT,
  applied_run INTEGER,
  applied_at TEXT,
  ended_at TEXT,
  ended_as TEXT,
  superseded_by INTEGER,
  slice INTEGER NOT NULL DEFAULT 1,
  done INTEGER NOT NULL DEFAULT 0,
  left_out INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS steward_plan_slices (
  plan INTEGER NOT NULL,
  slice INTEGER NOT NULL,
  first INTEGER NOT NULL,
  items TEXT NOT NULL,
  digest TEXT NOT NULL,
  left_out TEXT,
  PRIMARY KEY (plan, slice)
) WITHOUT ROWID;

ALTER TABLE steward_control ADD COLUMN as_planned INTEGER NOT NULL DEFAULT 1;
