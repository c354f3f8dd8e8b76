-- One row: the names of the owner's triggers on artifacts, NULL where there are none.
SELECT group_concat(name, ', ') AS names FROM sqlite_schema
WHERE type = 'trigger' AND name NOT GLOB 'steward_guard_*' AND lower(tbl_name) = lower('artifacts')
