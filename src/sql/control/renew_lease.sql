-- One row where token :token still has the lease, and who paused meanwhile: it has it until :until.
UPDATE steward_control SET lease_until = :until WHERE lease_token = :token RETURNING fence, paused_by
