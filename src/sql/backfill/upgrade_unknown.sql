-- No rows: gives the page's unknown artifacts the type of the winning rule. Parameters as in plan_page.
UPDATE artifacts SET source_type = classified.source_type
FROM (
  SELECT id, r2_key, {{source_type}} AS source_type
  FROM (
    SELECT id, r2_key FROM artifacts
    WHERE source_type = 'unknown' AND r2_bucket = ?2 AND r2_key BETWEEN ?4 AND ?5
    LIMIT -1 OFFSET 0
  )
  WHERE r2_key IN (SELECT r2_key FROM ({{objects}}) WHERE NOT is_marker)
  LIMIT -1 OFFSET 0
) AS classified
WHERE artifacts.id = classified.id
  AND artifacts.source_type = 'unknown'
  AND classified.source_type IS NOT NULL
