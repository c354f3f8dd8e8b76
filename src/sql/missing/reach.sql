-- One row: how many {{rows_beside}} a look takes in, and the last one's key.
SELECT count(*) AS looked_at, max(r2_key COLLATE BINARY) AS last_key FROM ({{rows_beside}})
