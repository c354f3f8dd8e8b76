-- One row where token ?1 still has the lease, and who paused meanwhile: it has it until ?2.
UPDATE steward_control SET lease_until = ?2 WHERE lease_token = ?1 RETURNING fence, paused_by
