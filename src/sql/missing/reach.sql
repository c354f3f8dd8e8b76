-- One row: how many artifacts of :bucket a look after key :low up to :high takes in, of at most :rows, and the last
-- one's key.
SELECT count(*) AS looked_at, max(r2_key COLLATE BINARY) AS last_key FROM ({{rows_beside}})
