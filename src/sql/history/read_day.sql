-- One row: the history of :day so far (JSON or NULL), what the runs took that ended since the last time, the longest lag
-- of events of the day, where :counted the rows by bucket and type, and up to which run that counts.
SELECT
  (SELECT history FROM steward_days WHERE day = :day) AS history,
  CASE WHEN control.lag_day = :day THEN control.longest_lag_ms END AS lag_ms,
  CASE WHEN :counted THEN control.inventory END AS inventory,
  count(ended.id) AS runs,
  count(ended.id) FILTER (WHERE ended.status IN ('failed', 'abandoned')) AS failed,
  sum(coalesce(ended.cost ->> '$.rows_read', 0) + coalesce(ended.cost ->> '$.overhead.rows_read', 0)) AS rows_read,
  sum(
    coalesce(ended.cost ->> '$.rows_written', 0) + coalesce(ended.cost ->> '$.overhead.rows_written', 0)
  ) AS rows_written,
  coalesce(max(ended.id), control.history_run) AS history_run
FROM steward_control AS control
LEFT JOIN steward_runs AS ended
  ON ended.id > control.history_run
  AND ended.id < coalesce((SELECT min(id) FROM steward_runs WHERE status = 'running'), 9007199254740991)
