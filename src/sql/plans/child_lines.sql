-- The children of the {{ranked}} rows that lose: the key of each, and what it holds. A fragment.
WITH lost AS ({{ranked}})
SELECT
  json_array(lost.r2_bucket, lost.r2_key) AS about,
  json_object('row_key', {{key}}, 'points_at', {{value}}) AS line
FROM lost
CROSS JOIN artifacts ON artifacts.id = lost.id
CROSS JOIN {{child_table}} AS child ON artifacts.id = child.{{child_column}}
WHERE lost.place > 1
