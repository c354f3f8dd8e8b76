-- One row, the new run's id; none where ?7 is a lease token that did not get the lease.
INSERT INTO steward_runs (kind, mode, trigger, status, started_at, expires_at, request)
SELECT ?1, ?2, ?3, 'running', ?4, ?5, ?6
WHERE ?7 IS NULL OR ?7 = (SELECT lease_token FROM steward_control)
RETURNING id
