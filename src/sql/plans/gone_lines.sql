-- The rows of the {{gone}} that nothing holds, of the objects in :objects, a JSON array of [bucket, key]. A fragment.
WITH gone AS ({{gone}})
SELECT
  json_array(gone.r2_bucket, gone.r2_key) AS about,
  json_object('id', {{id}}, 'source_type', {{source_type}}, 'fetched_at', {{fetched_at}}) AS line
FROM gone
CROSS JOIN artifacts ON artifacts.id = gone.id
WHERE gone.held_by IS NULL
  AND (gone.r2_bucket, gone.r2_key) IN (SELECT value ->> '$[0]', value ->> '$[1]' FROM json_each(:objects))
