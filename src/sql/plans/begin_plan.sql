-- No rows: notes at :now that run :run applies plan :plan, which may then be continued until :until.
UPDATE steward_plans
SET applied_run = :run, expires_at = CASE WHEN begun_at IS NULL THEN :until ELSE expires_at END, begun_at = coalesce(begun_at, :now)
WHERE id = :plan AND ended_at IS NULL AND applied_at IS NULL AND expires_at > :now
