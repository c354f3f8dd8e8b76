-- The {{objects}} of a page of :bucket, from :first_key to :last_key: key, upload time, source type, and what is to be
-- done with each. A fragment. What was refused at :since or later is passed over.
-- `LIMIT -1 OFFSET 0` keeps SQLite from evaluating the classification once for every column that uses it, at no row
-- read (a materialised CTE costs one). COLLATE BINARY: keys are bytes, whatever the columns' own collation.
SELECT
  r2_key,
  uploaded,
  source_type,
  CASE
    WHEN is_marker THEN 'skipped'
    WHEN source_type IS NULL THEN 'unclassified'
    WHEN r2_key IN (
      SELECT r2_key FROM steward_refused WHERE r2_bucket = :bucket AND r2_key BETWEEN :first_key AND :last_key AND refused_at >= :since
    ) THEN 'refused'
    WHEN (:bucket, r2_key) IN (
      SELECT r2_bucket, r2_key FROM artifacts
      WHERE source_type COLLATE BINARY = 'unknown' AND r2_bucket COLLATE BINARY = :bucket AND r2_key COLLATE BINARY BETWEEN :first_key AND :last_key
    ) THEN 'upgraded'
    WHEN (:bucket, r2_key) IN (SELECT r2_bucket, r2_key FROM artifacts) THEN 'unchanged'
    WHEN {{collides}} THEN 'refused'
    ELSE 'inserted'
  END AS decision
FROM (
  SELECT r2_key, uploaded, is_marker, {{source_type}} AS source_type
  FROM ({{objects}})
  LIMIT -1 OFFSET 0
) AS page
LIMIT -1 OFFSET 0
