-- No rows: drops the slices of the oldest plan that has any, where it expired before :before; of one plan, so that this is quick.
DELETE FROM steward_plan_slices
WHERE plan = (SELECT id FROM steward_plans WHERE id = (SELECT min(plan) FROM steward_plan_slices) AND expires_at < :before)
