-- No rows: ends the pause; where :by is not NULL, only one by :by.
UPDATE steward_control SET paused_by = NULL, pause_reason = NULL, paused_at = NULL WHERE :by IS NULL OR paused_by = :by
