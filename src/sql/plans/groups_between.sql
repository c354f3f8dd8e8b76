-- The objects with several rows after (:after_bucket, :after_key) up to (:until_bucket, :until_key). A fragment. From a list of
-- keys SQLite would read all of artifacts for each of them, where no index serves that: a plan is made before there is one.
SELECT r2_bucket, r2_key FROM artifacts
WHERE {{plain}}
  AND (r2_bucket COLLATE BINARY, r2_key COLLATE BINARY) > (:after_bucket, :after_key)
  AND (r2_bucket COLLATE BINARY, r2_key COLLATE BINARY) <= (:until_bucket, :until_key)
GROUP BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
HAVING count(*) > 1
