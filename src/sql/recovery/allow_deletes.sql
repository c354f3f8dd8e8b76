-- No rows: lets the run delete up to :most rows.
UPDATE steward_control SET deletes_left = :most
