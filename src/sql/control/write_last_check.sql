-- No rows: keeps what the last check found (?1), and the inventory of a full one (?2, unless NULL).
UPDATE steward_control SET last_check = ?1, inventory = coalesce(?2, inventory)
