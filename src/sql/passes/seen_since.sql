-- A row per pass over a whole bucket that was at work at :since or later: when, and how many objects it listed.
SELECT
  r2_bucket, started_at, saved_at, completed_at,
  coalesce(counts ->> '$.scanned', 0) + coalesce((
    SELECT sum(value ->> '$.scanned') FROM json_each(page) WHERE value ->> '$.lone_rows' = 0
  ), 0) AS scanned
FROM steward_passes
WHERE r2_prefix = '' AND saved_at >= :since
