-- One row: the pause, the lease and the kind of its run, the bucket that was first in the last tick that walked several,
-- and the latest day on which a run ended, with the rows of that day's runs.
SELECT paused_by, pause_reason, paused_at, lease_run, lease_until, fence, walked_first,
  (SELECT kind FROM steward_runs WHERE id = lease_run) AS lease_kind,
  latest.day, latest.rows_read AS day_rows_read, latest.rows_written AS day_rows_written
FROM steward_control
LEFT JOIN (SELECT day, rows_read, rows_written FROM steward_days ORDER BY day DESC LIMIT 1) AS latest ON 1
