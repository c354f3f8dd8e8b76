-- The objects in :groups, a JSON array of [bucket, key]. A fragment.
SELECT value ->> '$[0]' AS r2_bucket, value ->> '$[1]' AS r2_key FROM json_each(:groups)
