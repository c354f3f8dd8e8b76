-- The objects in ?1, a JSON array of [bucket, key]. A fragment.
SELECT value ->> '$[0]' AS r2_bucket, value ->> '$[1]' AS r2_key FROM json_each(?1)
