-- One row: when the last full check ended, the one under way as JSON, and when the last live recovery ended or will be
-- given up.
SELECT
  full_checked_at,
  full_check,
  (
    SELECT coalesce(finished_at, expires_at) FROM steward_runs
    WHERE kind = 'recovery' AND mode = 'live'
    ORDER BY id DESC
    LIMIT 1
  ) AS recovered_at
FROM steward_control
