-- A row per line of the {{lines}}: what it is about, as a JSON array, and the row as it is, as JSON.
SELECT about, line FROM ({{lines}})
