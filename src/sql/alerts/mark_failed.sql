-- No rows: alert :alert was not taken in :attempts more attempts because of :error; it is tried again at
-- :next_attempt_at, or, where :parked_at, no more.
UPDATE steward_alerts SET last_error = :error, attempts = attempts + :attempts, next_attempt_at = :next_attempt_at, parked_at = :parked_at WHERE id = :alert
