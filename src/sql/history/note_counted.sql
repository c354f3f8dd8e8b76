-- No rows: keeps that the history has counted the runs up to :history_run.
UPDATE steward_control SET history_run = :history_run
