-- No rows: keeps that the database is set up since ?1, or longer, and that the guards are not lifted.
UPDATE steward_control SET set_up_at = coalesce(set_up_at, ?1), lifted_until = NULL, lifted_reason = NULL
