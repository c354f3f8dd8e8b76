-- How many rows the runs that ended on a day (UTC) read and wrote.
CREATE TABLE IF NOT EXISTS steward_days (
  day TEXT NOT NULL PRIMARY KEY,
  rows_read INTEGER NOT NULL,
  rows_written INTEGER NOT NULL
) WITHOUT ROWID;
