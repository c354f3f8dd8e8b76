-- No rows: keeps what the running run :run has done so far (:counts JSON), for whoever looks at it meanwhile or after
-- it died.
UPDATE steward_runs SET counts = :counts WHERE id = :run AND status = 'running'
