-- One row: the slice of plan :plan that holds item number :item, or the first one; NULL where there is none.
SELECT max(slice) AS slice FROM steward_plan_slices WHERE plan = :plan AND first <= :item
