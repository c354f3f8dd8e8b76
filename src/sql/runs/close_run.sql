-- No rows: ends run ?1 with status ?2 at ?3, with its counts ?4, cost ?5 and error ?6. An ended run stays as it is.
UPDATE steward_runs SET status = ?2, finished_at = ?3, counts = ?4, cost = ?5, error = ?6
WHERE id = ?1 AND status = 'running'
