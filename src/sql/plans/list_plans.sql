-- Up to :most plans, newest first: of kind :kind unless NULL, older than plan :before unless NULL.
SELECT *, 1 AS slices FROM steward_plans
WHERE digest IS NOT NULL AND (:kind IS NULL OR kind = :kind) AND (:before IS NULL OR id < :before)
ORDER BY id DESC
LIMIT :most
