-- Where the dry recovery of the same request as run :run stands that keeps its plan over several calls, or no row: the
-- checkpoint of the last call, unless one ended the plan, or began before :since.
SELECT checkpoint FROM steward_runs
WHERE checkpoint IS NOT NULL AND id = (
  SELECT max(id) FROM steward_runs
  WHERE kind = 'recovery' AND mode = 'dry' AND id < :run AND started_at > :since
    AND request = (SELECT request FROM steward_runs WHERE id = :run)
    AND (checkpoint IS NOT NULL OR status = 'succeeded')
)
