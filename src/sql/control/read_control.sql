-- One row: the pause and the lease.
SELECT paused_by, pause_reason, paused_at, lease_run, lease_until, fence FROM steward_control
