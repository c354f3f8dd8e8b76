-- A row per ordinary table, by name. D1's own are left out: it refuses a pragma that names one.
SELECT name FROM sqlite_schema
WHERE type = 'table' AND NOT name GLOB '_cf_*' AND NOT name GLOB 'sqlite_*' AND NOT upper(sql) GLOB 'CREATE VIRTUAL*'
ORDER BY name
