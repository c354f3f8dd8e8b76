-- One row: the pause, the lease and the kind of its run, and the bucket that was first in the last tick that walked
-- several.
SELECT paused_by, pause_reason, paused_at, lease_run, lease_until, fence, walked_first,
  (SELECT kind FROM steward_runs WHERE id = lease_run) AS lease_kind
FROM steward_control
