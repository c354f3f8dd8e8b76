-- No rows: keeps that the database is set up since :now, or longer, and that the guards are not lifted.
UPDATE steward_control SET set_up_at = coalesce(set_up_at, :now), lifted_until = NULL, lifted_reason = NULL
