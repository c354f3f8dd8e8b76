-- No rows: keeps that bucket ?1 is the first that this tick walks.
UPDATE steward_control SET walked_first = ?1
