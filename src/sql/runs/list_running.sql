-- Up to :most running runs, the newest first, with the step that each is at and the figures of its steps (JSON).
SELECT
  id, kind, mode, trigger, actor, started_at,
  counts ->> '$.step' AS step,
  (
    SELECT json_group_array(json_object(
      'name', value ->> '$.name', 'before', value ->> '$.before', 'after', value ->> '$.after',
      'changed', value ->> '$.changed', 'error', value ->> '$.error'
    ))
    FROM json_each(counts, '$.steps')
  ) AS steps
FROM steward_runs
WHERE status = 'running'
ORDER BY id DESC
LIMIT :most
