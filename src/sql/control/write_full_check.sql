-- No rows: keeps when the last full check ended (:ended_at, unless NULL) and the one under way (:under_way).
UPDATE steward_control SET full_checked_at = coalesce(:ended_at, full_checked_at), full_check = :under_way
