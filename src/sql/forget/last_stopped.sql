-- The checkpoint of the newest ended live forgetting of bucket :bucket (NULL: all), where a budget stopped it; or no row.
SELECT checkpoint FROM steward_runs
WHERE status = 'stopped' AND checkpoint IS NOT NULL AND id = (
  SELECT max(id) FROM steward_runs
  WHERE kind = 'forget' AND mode = 'live' AND status <> 'running' AND request ->> '$.r2_bucket' IS :bucket
)
