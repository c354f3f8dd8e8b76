-- The {{objects}} of a page of :bucket, from :first_key to :last_key: key, upload time, source type, what is to be done
-- with each, whether a row lies between it and the key before it, and whether its row has a date. A fragment. What was
-- refused at :since or later is passed over; an upload counts as newer than its row beyond :slack seconds.
-- `LIMIT -1 OFFSET 0` keeps SQLite from evaluating an expression once for every column that uses it, at no row read (a
-- materialised CTE costs one). COLLATE BINARY: keys are bytes, whatever the columns' own collation. Where the table has no
-- column for the type, each of its rows is known, and only an object without a row is unclassified.
SELECT
  r2_key,
  uploaded,
  source_type,
  coalesce(found_key < r2_key, 0) AS lone_row,
  {{fetched_day}} IS NOT NULL AS dated,
  CASE
    WHEN is_marker THEN 'skipped'
    WHEN source_type IS NOT NULL OR (
      lower('source_type') IS NULL AND (:bucket, r2_key) IN (SELECT r2_bucket, r2_key FROM artifacts)
    ) THEN CASE
      WHEN r2_key IN (
        SELECT r2_key FROM steward_refused WHERE r2_bucket = :bucket AND r2_key BETWEEN :first_key AND :last_key AND refused_at >= :since
      ) THEN 'refused'
      WHEN (:bucket, r2_key) IN (
        SELECT r2_bucket, r2_key FROM artifacts
        WHERE source_type COLLATE BINARY = 'unknown' AND r2_bucket COLLATE BINARY = :bucket AND r2_key COLLATE BINARY BETWEEN :first_key AND :last_key
      ) THEN 'upgraded'
      WHEN (:bucket, r2_key) IN (SELECT r2_bucket, r2_key FROM artifacts) THEN CASE
        WHEN julianday(uploaded) > {{fetched_day}} + :slack / 86400.0 THEN 'newer'
        ELSE 'unchanged'
      END
      WHEN {{collides}} THEN 'refused'
      ELSE 'inserted'
    END
    ELSE 'unclassified'
  END AS decision
FROM (
  SELECT
    r2_key, uploaded, is_marker, source_type, beside ->> '$[0]' AS found_key,
    CASE
      WHEN beside ->> '$[0]' = r2_key THEN beside ->> '$[1]'
      WHEN beside IS NOT NULL THEN (
        SELECT fetched_at FROM artifacts WHERE r2_bucket COLLATE BINARY = :bucket AND r2_key COLLATE BINARY = classified.r2_key
      )
    END AS fetched_at
  FROM (
    SELECT r2_key, uploaded, is_marker, {{source_type}} AS source_type, {{beside}} AS beside
    FROM ({{objects}}) AS page
    LIMIT -1 OFFSET 0
  ) AS classified
  LIMIT -1 OFFSET 0
) AS page
LIMIT -1 OFFSET 0
