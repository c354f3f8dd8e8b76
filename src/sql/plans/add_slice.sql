-- No rows: keeps slice :slice of plan :plan: its :items (JSON), which begin with item number :first, and their :digest.
INSERT INTO steward_plan_slices (plan, slice, first, items, digest) VALUES (:plan, :slice, :first, :items, :digest)
