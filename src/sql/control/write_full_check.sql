-- No rows: keeps when the last full check ended (?1, unless NULL) and the one under way (?2).
UPDATE steward_control SET full_checked_at = coalesce(?1, full_checked_at), full_check = ?2
