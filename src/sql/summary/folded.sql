-- A row per bucket and source type of {{counted}}: how many artifacts; what is beyond the 500 largest is one row, so
-- that a table of ten thousand types fits into its place and still adds up. A fragment.
SELECT r2_bucket, source_type, sum(artifacts) AS artifacts
FROM (
  SELECT
    CASE WHEN place <= 500 THEN {{bucket}} ELSE '(others)' END AS r2_bucket,
    CASE WHEN place <= 500 THEN {{type}} ELSE '(others)' END AS source_type,
    artifacts
  FROM (SELECT *, row_number() OVER (ORDER BY artifacts DESC) AS place FROM ({{counted}}))
)
GROUP BY r2_bucket, source_type
ORDER BY r2_bucket, source_type
