-- A row per pass over a whole bucket that was at work at :since or later: when, and how many objects it listed.
SELECT
  r2_bucket, started_at, saved_at, completed_at,
  coalesce(counts ->> '$.scanned', 0) + coalesce((
    SELECT CASE WHEN max(value ->> '$.lone_rows') > 0 THEN 0 ELSE sum(value ->> '$.scanned') END FROM json_each(page)
  ), 0) AS scanned
FROM steward_passes
WHERE r2_prefix = '' AND saved_at >= :since
