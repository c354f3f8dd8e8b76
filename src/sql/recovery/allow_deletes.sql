-- No rows: lets the run delete up to ?1 rows.
UPDATE steward_control SET deletes_left = ?1
