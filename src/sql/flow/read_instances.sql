-- A row per bucket: its latest instance, and when that was last at work.
SELECT bucket, pass_started_at, number, seen_at FROM steward_flows
