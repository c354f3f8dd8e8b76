-- Up to 20 alerts that are due at :now, oldest first. Ten of the places are for those never tried, where so many wait:
-- what the receiver refuses keeps nothing else from being sent.
SELECT id, created_at, kind, body, attempts FROM (
  SELECT *, row_number() OVER (PARTITION BY attempts > 0 ORDER BY id) AS place FROM steward_alerts
  WHERE sent_at IS NULL AND parked_at IS NULL AND (next_attempt_at IS NULL OR next_attempt_at <= :now)
  ORDER BY attempts > 0 AND place > 10, id
  LIMIT 20
)
ORDER BY id
