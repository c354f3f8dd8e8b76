-- No rows: adds the rows that run :run read (:rows_read) and wrote (:rows_written) to those of day :day; an ended run
-- was added before.
INSERT INTO steward_days (day, rows_read, rows_written)
SELECT :day, :rows_read, :rows_written FROM steward_runs WHERE id = :run AND status = 'running'
ON CONFLICT (day) DO UPDATE
SET rows_read = rows_read + excluded.rows_read, rows_written = rows_written + excluded.rows_written
