-- One row: how many of the page's objects are of each kind, and up to 20 of the unclassified keys as JSON.
-- ?1 page JSON, ?2 bucket, ?3 rules JSON, ?4 first key, ?5 last key. `LIMIT -1 OFFSET 0` keeps SQLite from
-- evaluating the classification once for every column that uses it, at no row read (a materialised CTE costs one).
SELECT
  count(*) AS scanned,
  count(*) FILTER (WHERE kind = 'inserted') AS inserted,
  count(*) FILTER (WHERE kind = 'upgraded') AS upgraded,
  count(*) FILTER (WHERE kind = 'unchanged') AS unchanged,
  count(*) FILTER (WHERE kind = 'unclassified') AS unclassified,
  count(*) FILTER (WHERE kind = 'skipped') AS skipped,
  json_extract(
    json_group_array(r2_key) FILTER (WHERE kind = 'unclassified'),
    '$[0]', '$[1]', '$[2]', '$[3]', '$[4]', '$[5]', '$[6]', '$[7]', '$[8]', '$[9]',
    '$[10]', '$[11]', '$[12]', '$[13]', '$[14]', '$[15]', '$[16]', '$[17]', '$[18]', '$[19]'
  ) AS unclassified_sample
FROM (
  SELECT
    r2_key,
    CASE
      WHEN is_marker THEN 'skipped'
      WHEN source_type IS NULL THEN 'unclassified'
      WHEN (?2, r2_key) IN (
        SELECT r2_bucket, r2_key FROM artifacts
        WHERE source_type = 'unknown' AND r2_bucket = ?2 AND r2_key BETWEEN ?4 AND ?5
      ) THEN 'upgraded'
      WHEN (?2, r2_key) IN (SELECT r2_bucket, r2_key FROM artifacts) THEN 'unchanged'
      ELSE 'inserted'
    END AS kind
  FROM (
    SELECT r2_key, is_marker, {{source_type}} AS source_type
    FROM ({{objects}})
    LIMIT -1 OFFSET 0
  )
  LIMIT -1 OFFSET 0
)
