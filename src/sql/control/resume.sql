-- No rows: ends the pause.
UPDATE steward_control SET paused_by = NULL, pause_reason = NULL, paused_at = NULL
