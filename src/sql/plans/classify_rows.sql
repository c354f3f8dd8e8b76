-- No rows: gives the {{classified}} rows the type that the winning rule gives.
WITH classified AS ({{classified}})
UPDATE artifacts SET source_type = classified.becomes
FROM classified
WHERE artifacts.id = classified.id AND artifacts.source_type COLLATE BINARY = 'unknown'
