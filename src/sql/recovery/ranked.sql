-- The rows of the groups in {{groups}}: place 1 is the winner. A fragment of the dedupe statements.
-- Newest fetched_at first (ISO text in any zone, or an epoch in seconds or milliseconds; what is neither counts as
-- none), then a known type, then the highest id. Dates keep milliseconds, so finer fractions are compared as text.
SELECT
  id,
  r2_bucket,
  r2_key,
  source_type,
  first_value(id) OVER ranking AS winner_id,
  row_number() OVER ranking AS place,
  count(*) FILTER (WHERE source_type <> 'unknown') OVER (PARTITION BY r2_bucket, r2_key) AS known
FROM (
  SELECT
    id,
    r2_bucket,
    r2_key,
    source_type,
    CASE WHEN epoch > 1e11 THEN epoch / 1000.0 ELSE epoch END AS fetched,
    finer
  FROM (
    SELECT
      artifacts.id,
      artifacts.r2_bucket,
      artifacts.r2_key,
      artifacts.source_type,
      CASE
        WHEN typeof(fetched_at) IN ('integer', 'real') THEN fetched_at * 1.0
        WHEN fetched_at GLOB '[0-9]*' AND NOT fetched_at GLOB '*[^0-9.]*' THEN CAST(fetched_at AS REAL)
        ELSE (julianday(fetched_at) - 2440587.5) * 86400.0
      END AS epoch,
      CASE
        WHEN instr(fetched_at, '.') > 0 THEN rtrim(substr(fetched_at, instr(fetched_at, '.') + 4), 'Z')
        ELSE ''
      END AS finer
    FROM ({{groups}}) AS grouped
    JOIN artifacts ON artifacts.r2_bucket = grouped.r2_bucket AND artifacts.r2_key = grouped.r2_key
  )
)
WINDOW ranking AS (
  PARTITION BY r2_bucket, r2_key
  ORDER BY fetched DESC NULLS LAST, finer DESC, source_type <> 'unknown' DESC, id DESC
)
