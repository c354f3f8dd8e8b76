-- No rows: notes at :now that events said that the objects of :bucket are deleted whose keys :keys lists (a JSON array).
INSERT INTO steward_deletions (r2_bucket, r2_key, noted_at)
SELECT :bucket, value, :now FROM json_each(:keys) WHERE true
ON CONFLICT (r2_bucket, r2_key) DO UPDATE SET noted_at = excluded.noted_at
