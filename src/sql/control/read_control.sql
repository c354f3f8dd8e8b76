-- One row: the pause, the lease, and the bucket that was first in the last tick that walked several.
SELECT paused_by, pause_reason, paused_at, lease_run, lease_until, fence, walked_first FROM steward_control
