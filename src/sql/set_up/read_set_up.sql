-- One row: since when the database is set up, until when the guards are lifted, the texts of the two tables, and how
-- many indexes, triggers and views of others name datapoints.
SELECT
  set_up_at,
  lifted_until,
  lifted_reason,
  (SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'artifacts') AS artifacts,
  (SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'datapoints') AS datapoints,
  (
    SELECT count(*) FROM sqlite_schema
    WHERE type <> 'table' AND sql LIKE '%datapoints%' AND name NOT GLOB 'steward_guard_*'
  ) AS others,
  {{old_index}} AS old_index
FROM steward_control
