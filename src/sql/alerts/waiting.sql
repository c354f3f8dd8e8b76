-- One row: how many alerts wait to be sent, how many are parked, and why the last one was not taken.
SELECT
  count(*) FILTER (WHERE parked_at IS NULL) AS waiting,
  count(*) FILTER (WHERE parked_at IS NOT NULL) AS parked,
  (SELECT last_error FROM steward_alerts WHERE sent_at IS NULL AND last_error IS NOT NULL ORDER BY id DESC LIMIT 1) AS error
FROM steward_alerts
WHERE sent_at IS NULL
