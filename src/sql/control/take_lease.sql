-- One row, the fence, where the lease was free at ?3 and nothing forbids the run: token ?1 has it until ?2.
UPDATE steward_control SET lease_token = ?1, lease_run = NULL, lease_until = ?2, fence = fence + 1
WHERE (lease_token IS NULL OR lease_until <= ?3) AND {{allowed}}
RETURNING fence
