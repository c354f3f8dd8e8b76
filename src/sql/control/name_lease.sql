-- No rows: writes the run just opened beside the lease of token :token.
UPDATE steward_control SET lease_run = (SELECT max(id) FROM steward_runs) WHERE lease_token = :token
