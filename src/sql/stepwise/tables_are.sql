-- One row: the declarations of all tables but the steward's own, as one JSON array in the order of their names.
SELECT json_group_array(text) AS tables
FROM (SELECT sql AS text FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'steward_*' ORDER BY name)
