-- No rows: frees the lease of token :token.
UPDATE steward_control SET lease_token = NULL, lease_run = NULL, lease_until = NULL WHERE lease_token = :token
