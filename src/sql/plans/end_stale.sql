-- No rows: notes at :now that plan :plan is stale: what it was made on is no more.
UPDATE steward_plans SET ended_at = :now, ended_as = 'stale' WHERE id = :plan AND ended_at IS NULL AND applied_at IS NULL
