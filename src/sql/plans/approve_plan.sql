-- One row where plan :plan is approved at :now by :approved_by with the token of :token_name: nobody did before, it has not
-- expired, and is neither begun nor ended.
UPDATE steward_plans SET approved_at = :now, approved_by = :approved_by, approved_token = :token_name
WHERE id = :plan AND approved_at IS NULL AND begun_at IS NULL AND ended_at IS NULL AND expires_at > :now
RETURNING id
