-- A row per bucket: its latest instance, and when that was last at work.
SELECT
  key AS bucket, value ->> '$.pass_started_at' AS pass_started_at, value ->> '$.number' AS number,
  value ->> '$.seen_at' AS seen_at
FROM steward_control, json_each(steward_control.flows)
