-- One row: since when the database is set up, until when the guards are lifted, the texts of the two tables, how many
-- indexes, triggers and views of others name datapoints, the stored guards of artifacts alone (JSON), and whether the name of the
-- index of the unknown rows is something else's, and whether artifacts has a column for the type.
SELECT
  set_up_at,
  lifted_until,
  lifted_reason,
  (SELECT sql FROM sqlite_schema WHERE type = 'table' AND lower(name) = lower('artifacts')) AS artifacts,
  (SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'datapoints') AS datapoints,
  (
    SELECT count(*) FROM sqlite_schema
    WHERE type <> 'table' AND sql LIKE '%datapoints%' AND name NOT GLOB 'steward_guard_*'
  ) AS others,
  (
    SELECT json_group_object(name, sql) FROM sqlite_schema
    WHERE type = 'trigger'
      AND name IN ('steward_guard_known_type', 'steward_guard_used_override', 'steward_guard_reused_id')
  ) AS guards,
  EXISTS (
    SELECT 1 FROM sqlite_schema
    WHERE name = 'artifacts_unknown' AND (type <> 'index' OR lower(tbl_name) <> lower('artifacts'))
  ) AS name_taken,
  {{old_index}} AS old_index,
  lower('source_type') IS NOT NULL AS typed
FROM steward_control
