-- No rows: :who waits for the lease no more.
UPDATE steward_control
SET waiting = (SELECT json_group_object(key, json(value)) FROM json_each(waiting) WHERE key <> :who)
