-- One row: when the last full check ended, and the one under way as JSON.
SELECT full_checked_at, full_check FROM steward_control
