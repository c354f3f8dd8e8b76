-- One row, the id of a new plan of this :kind and :target, for its :request on the :basis, made :now in run :run by :made_by with
-- the token of :token_name; it expires at :expires_at.
INSERT INTO steward_plans (kind, target, request, basis, made_run, made_at, made_by, token_name, expires_at)
VALUES (:kind, :target, :request, :basis, :run, :now, :made_by, :token_name, :expires_at)
RETURNING id
