-- One row, the fence, where the lease was free at :now and nothing forbids the run: token :token has it until :until.
UPDATE steward_control SET lease_token = :token, lease_run = NULL, lease_until = :until, fence = fence + 1
WHERE (lease_token IS NULL OR lease_until <= :now) AND {{allowed}}
RETURNING fence
