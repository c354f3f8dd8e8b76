-- The plan :plan, or no row; and whether its slices are there.
SELECT *, (SELECT count(*) FROM steward_plan_slices WHERE plan = :plan) AS slices FROM steward_plans WHERE id = :plan AND digest IS NOT NULL
