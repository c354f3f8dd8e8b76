-- The rows of the groups in {{groups}}: place 1 is the winner. A fragment of the dedupe statements.
-- Newest fetched_at first, then a known type, then the highest id. A fetched_at is ISO text in any zone, or an epoch
-- in seconds or milliseconds; what is neither counts as none. Dates keep milliseconds and round what is finer, so the
-- digits of a fraction are taken apart from the date: six into `fetched` (microseconds), the rest into `finer`.
SELECT
  id,
  r2_bucket,
  r2_key,
  source_type,
  first_value(id) OVER ranking AS winner_id,
  row_number() OVER ranking AS place,
  count(*) FILTER (WHERE source_type COLLATE BINARY <> 'unknown') OVER (PARTITION BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY) AS known
FROM (
  SELECT
    id,
    r2_bucket,
    r2_key,
    source_type,
    CASE
      WHEN epoch > 1e11 THEN round(epoch * 1e3)
      WHEN epoch IS NOT NULL THEN round(epoch * 1e6)
      ELSE round((julianday(whole || ltrim(rest, '0123456789')) - 2440587.5) * 86400) * 1e6
        + CAST(substr(digits || '000000', 1, 6) AS INTEGER)
    END AS fetched,
    rtrim(substr(digits, 7), '0') AS finer
  FROM (
    SELECT *, substr(rest, 1, length(rest) - length(ltrim(rest, '0123456789'))) AS digits
    FROM (
      SELECT
        *,
        CASE WHEN instr(iso, '.') > 0 THEN substr(iso, 1, instr(iso, '.') - 1) ELSE iso END AS whole,
        CASE WHEN instr(iso, '.') > 0 THEN substr(iso, instr(iso, '.') + 1) ELSE '' END AS rest
      FROM (
        SELECT
          artifacts.id,
          artifacts.r2_bucket,
          artifacts.r2_key,
          artifacts.source_type,
          CASE
            WHEN typeof(fetched_at) IN ('integer', 'real') THEN fetched_at * 1.0
            WHEN fetched_at GLOB '[0-9]*' AND NOT fetched_at GLOB '*[^0-9.]*' THEN CAST(fetched_at AS REAL)
          END AS epoch,
          CASE WHEN fetched_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' THEN fetched_at END AS iso
        FROM ({{groups}}) AS grouped
        JOIN artifacts
          ON artifacts.r2_bucket = grouped.r2_bucket COLLATE BINARY
          AND artifacts.r2_key = grouped.r2_key COLLATE BINARY
      )
    )
  )
)
WINDOW ranking AS (
  PARTITION BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
  ORDER BY fetched DESC NULLS LAST, finer DESC, coalesce(source_type, 'unknown') <> 'unknown' DESC, id DESC
)
