-- A row per pass: where its ranges stand, which is noted in the transaction of the page that brought it there. `page`
-- lists the counts of that transaction's pages, `counts` are those of all before. `copies` counts the copies that KV was given.
CREATE TABLE IF NOT EXISTS steward_passes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  r2_bucket TEXT NOT NULL,
  r2_prefix TEXT NOT NULL,
  started_at TEXT NOT NULL,
  saved_at TEXT NOT NULL,
  completed_at TEXT,
  ranges TEXT NOT NULL,
  counts TEXT NOT NULL,
  page TEXT,
  previous TEXT,
  marks TEXT,
  copies INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  UNIQUE (r2_bucket, r2_prefix, started_at)
);
