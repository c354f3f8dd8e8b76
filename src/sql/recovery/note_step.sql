-- No rows: keeps what the running run ?1 has done so far (?2 JSON), for whoever looks at it meanwhile or after it died.
UPDATE steward_runs SET counts = ?2 WHERE id = ?1 AND status = 'running'
