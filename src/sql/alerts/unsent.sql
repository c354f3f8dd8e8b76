-- Up to 20 alerts that are due at ?1: those never tried and those whose pause is over, oldest first.
SELECT id, created_at, kind, body, attempts FROM steward_alerts
WHERE sent_at IS NULL AND parked_at IS NULL AND (next_attempt_at IS NULL OR next_attempt_at <= ?1)
ORDER BY coalesce(next_attempt_at, created_at), id
LIMIT 20
