-- Up to :most of the objects that the database refuses, the newest first.
SELECT r2_bucket, r2_key, substr(reason, 1, 300) AS reason, first_refused_at, refused_at FROM steward_refused
ORDER BY refused_at DESC, r2_bucket, r2_key
LIMIT :most
