-- No rows: notes at :now that plan :plan is applied.
UPDATE steward_plans SET applied_at = :now WHERE id = :plan AND applied_at IS NULL
