-- A row per trigger of the owner's on artifacts or a child table in :tables (a JSON array of names).
SELECT name FROM sqlite_schema
WHERE type = 'trigger' AND name NOT GLOB 'steward_guard_*' AND CASE lower(tbl_name) WHEN lower('artifacts') THEN 'artifacts' ELSE lower(tbl_name) END IN (
    SELECT lower(value) FROM json_each(:tables)
  )
ORDER BY name
