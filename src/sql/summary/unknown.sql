-- One row: how many artifacts are unknown, counted up to :most.
SELECT count(*) AS unknown FROM (SELECT 1 FROM artifacts WHERE source_type COLLATE BINARY = 'unknown' LIMIT :most)
