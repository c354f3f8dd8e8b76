-- No rows: keeps which items of slice :slice of plan :plan were left out, and why (:left_out, JSON).
UPDATE steward_plan_slices SET left_out = :left_out WHERE plan = :plan AND slice = :slice
