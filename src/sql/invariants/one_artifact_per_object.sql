-- holds: one artifacts row per object: no two rows share (r2_bucket, r2_key)
-- severity: error
-- row: an object with several rows, how many, and the lowest and highest of their ids
-- do: POST /recover merges them (docs/runbook.md, "Duplicates")
-- needs: artifacts.id, artifacts.r2_bucket, artifacts.r2_key
-- walks: objects
-- proof: unique_index
-- keys: r2_bucket, r2_key
SELECT r2_bucket, r2_key, count(*) AS artifacts, min(id) AS lowest_id, max(id) AS highest_id
FROM {{rows}}
GROUP BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
HAVING count(*) > 1
