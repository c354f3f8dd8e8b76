-- The {{ranked}} rows, each with its place and the id of its winner. A fragment.
WITH ranked AS ({{ranked}})
SELECT
  json_array(r2_bucket, r2_key) AS about,
  CASE place
    WHEN 1 THEN json_object(
      'id', {{id}}, 'place', place, 'source_type', {{source_type}}, 'fetched_at', {{fetched_at}}, 'r2_bucket', r2_bucket, 'r2_key', r2_key
    )
    ELSE json_object(
      'id', {{id}}, 'place', place, 'source_type', {{source_type}}, 'fetched_at', {{fetched_at}}, 'winner_id', {{winner_id}}
    )
  END AS line
FROM ranked
