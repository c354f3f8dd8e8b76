-- No rows: renews until :until the lease of token :token with fence :fence. Where another run has it, the NOT NULL of
-- fence fails and takes the whole batch with it.
UPDATE steward_control
SET lease_until = :until, fence = CASE WHEN lease_token = :token AND fence = :fence THEN fence END
