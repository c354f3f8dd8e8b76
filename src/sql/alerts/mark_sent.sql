-- No rows: alert :alert was taken by its receiver at :now after :attempts more attempts.
UPDATE steward_alerts SET sent_at = :now, attempts = attempts + :attempts, last_error = NULL WHERE id = :alert
