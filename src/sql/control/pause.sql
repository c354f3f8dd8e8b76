-- No rows: pauses scheduled backfill for ?1 with reason ?2 since ?3, unless it is paused already.
UPDATE steward_control SET paused_by = ?1, pause_reason = ?2, paused_at = ?3 WHERE paused_by IS NULL
