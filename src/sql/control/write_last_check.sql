-- No rows: keeps what the last check found (:found), and the inventory of a full one (:inventory, unless NULL).
UPDATE steward_control SET last_check = :found, inventory = coalesce(:inventory, inventory)
