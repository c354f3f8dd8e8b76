-- No rows: keeps that plan :plan is applied up to item :done of slice :slice, and that :left_out of its items were left out.
UPDATE steward_plans SET slice = :slice, done = :done, left_out = :left_out WHERE id = :plan
