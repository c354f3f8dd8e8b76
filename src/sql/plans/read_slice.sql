-- The slice :slice of plan :plan, or no row.
SELECT slice, first, items, digest, left_out FROM steward_plan_slices WHERE plan = :plan AND slice = :slice
