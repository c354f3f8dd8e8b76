-- No rows: adds to the history of :day what the last check found (of each invariant the most of the day), where
-- :counted the rows of the :types largest types and of the others, and what the runs took that ended since the last time.
INSERT INTO steward_days (day, rows_read, rows_written, history)
SELECT
  :day,
  0,
  0,
  json_object(
    'violations', json((
      SELECT json_group_object(name, most) FROM (
        SELECT name, max(violations) AS most FROM (
          SELECT key AS name, value AS violations FROM json_each(coalesce(old.history, '{}'), '$.violations')
          UNION ALL
          SELECT value ->> '$.name', value ->> '$.violations'
          FROM json_each(
            CASE WHEN control.last_check ->> '$.checked_at' >= :day THEN control.last_check ELSE '{}' END, '$.invariants'
          )
          WHERE value ->> '$.violations' IS NOT NULL
        )
        GROUP BY name
      )
    )),
    'types', json(CASE WHEN :counted AND control.inventory IS NOT NULL THEN (
      SELECT json_group_object(type, artifacts) FROM (
        SELECT CASE WHEN place <= :types THEN type ELSE '(others)' END AS type, sum(artifacts) AS artifacts
        FROM (
          SELECT type, artifacts, row_number() OVER (ORDER BY artifacts DESC, type) AS place
          FROM (
            SELECT coalesce(value ->> '$.source_type', '(none)') AS type, sum(value ->> '$.artifacts') AS artifacts
            FROM json_each(control.inventory, '$.by_type')
            GROUP BY 1
          )
        )
        GROUP BY 1
      )
    ) ELSE old.history -> '$.types' END),
    'rows_read', coalesce(old.history ->> '$.rows_read', 0) + taken.rows_read,
    'rows_written', coalesce(old.history ->> '$.rows_written', 0) + taken.rows_written,
    'runs', coalesce(old.history ->> '$.runs', 0) + taken.runs,
    'failed', coalesce(old.history ->> '$.failed', 0) + taken.failed,
    'lag_ms', CASE WHEN control.lag_day = :day THEN control.longest_lag_ms END
  )
FROM steward_control AS control
LEFT JOIN steward_days AS old ON old.day = :day
CROSS JOIN (
  SELECT
    count(*) AS runs,
    count(*) FILTER (WHERE status IN ('failed', 'abandoned')) AS failed,
    coalesce(sum(coalesce(cost ->> '$.rows_read', 0) + coalesce(cost ->> '$.overhead.rows_read', 0)), 0) AS rows_read,
    coalesce(
      sum(coalesce(cost ->> '$.rows_written', 0) + coalesce(cost ->> '$.overhead.rows_written', 0)), 0
    ) AS rows_written
  FROM steward_runs
  WHERE id > (SELECT history_run FROM steward_control) AND id < ({{first_running}})
) AS taken
WHERE true
ON CONFLICT (day) DO UPDATE SET history = excluded.history
