-- No rows: keeps how many children the statement before it journalled, for `check_moved`.
UPDATE steward_control SET children_moved = changes()
