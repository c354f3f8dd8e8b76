-- No rows: keeps up to which run the history has counted.
UPDATE steward_control SET history_run = ({{first_running}}) - 1
