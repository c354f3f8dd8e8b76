-- No rows: makes sure that events may write at :now: {{may_write}}, and no run that deletes rows has the lease. Where
-- they may not, the NOT NULL of fence fails and takes the whole batch with it.
UPDATE steward_control
SET fence = CASE
  WHEN {{may_write}} AND NOT EXISTS (
    SELECT 1 FROM steward_runs WHERE id = lease_run AND lease_until > :now AND kind IN ('recovery', 'undo', 'forget')
  ) THEN fence
END
