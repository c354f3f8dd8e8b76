-- The unknown rows of the objects in {{groups}}. A fragment.
SELECT artifacts.id, artifacts.r2_bucket, artifacts.r2_key
FROM ({{groups}}) AS grouped
JOIN artifacts
  ON artifacts.r2_bucket = grouped.r2_bucket COLLATE BINARY
  AND artifacts.r2_key = grouped.r2_key COLLATE BINARY
WHERE artifacts.source_type COLLATE BINARY = 'unknown'
