-- A row per source type that the page's documents would get, NULL for those no rule matches: how many, and three keys.
SELECT
  source_type,
  count(*) AS objects,
  json_extract(json_group_array(r2_key), '$[0]', '$[1]', '$[2]') AS sample
FROM (
  SELECT r2_key, {{source_type}} AS source_type FROM ({{objects}}) WHERE NOT is_marker LIMIT -1 OFFSET 0
)
GROUP BY source_type
ORDER BY source_type
