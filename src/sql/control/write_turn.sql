-- No rows: keeps that bucket :bucket is the first that this tick walks.
UPDATE steward_control SET walked_first = :bucket
