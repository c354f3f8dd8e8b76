-- A row per object whose merge would break a UNIQUE constraint of a child.
SELECT DISTINCT r2_bucket COLLATE BINARY AS r2_bucket, r2_key COLLATE BINARY AS r2_key
FROM (
  SELECT ranked.r2_bucket, ranked.r2_key, count(*) OVER (PARTITION BY {{merged_key}}) AS same
  FROM ({{ranked}}) AS ranked
  JOIN (SELECT * FROM {{child_table}} WHERE {{where}}) AS child ON child.{{child_column}} = ranked.id
  WHERE {{not_null}}
)
WHERE same > 1
ORDER BY 1, 2
