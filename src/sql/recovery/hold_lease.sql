-- No rows: renews until ?3 the lease of token ?1 with fence ?2. Where another run has it, the NOT NULL of fence
-- fails and takes the whole batch with it.
UPDATE steward_control
SET lease_until = ?3, fence = CASE WHEN lease_token = ?1 AND fence = ?2 THEN fence END
