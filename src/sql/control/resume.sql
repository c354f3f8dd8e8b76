-- No rows: ends the pause; where ?1 is not NULL, only one by ?1.
UPDATE steward_control SET paused_by = NULL, pause_reason = NULL, paused_at = NULL WHERE ?1 IS NULL OR paused_by = ?1
