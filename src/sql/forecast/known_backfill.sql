-- What is known of how many objects of :bucket have no row yet, or one of unknown type, the best first: the last dry run
-- since :since of :prefix from the same :place (JSON of its cursor and start_after) that came as far as :most objects, or
-- one over all of it, then the last certified pass over the whole bucket; each unless the rules were replaced since. Of the pass, the objects
-- that it could give no row may get one by now.
SELECT 'dry run ' || id AS source, scanned, inserted, upgraded FROM (
  SELECT
    id,
    counts ->> '$.scanned' AS scanned, counts ->> '$.inserted' AS inserted, counts ->> '$.upgraded' AS upgraded
  FROM steward_runs
  WHERE kind = 'backfill' AND mode = 'dry' AND status IN ('succeeded', 'stopped') AND started_at >= :since
    AND coalesce(request ->> '$.r2_bucket', :bucket) = :bucket
    AND request ->> '$.r2_prefix' = :prefix
    AND CASE json_array(request ->> '$.cursor', request ->> '$.start_after')
      WHEN :place THEN counts ->> '$.scanned' >= :most OR NOT counts ->> '$.truncated'
      WHEN '[null,null]' THEN NOT counts ->> '$.truncated'
    END
    AND id > coalesce((SELECT max(id) FROM steward_runs WHERE kind = 'rules'), 0)
  ORDER BY id DESC
  LIMIT 1
)
UNION ALL
SELECT * FROM (
  SELECT
    'the pass that ended at ' || completed_at,
    min(counts ->> '$.scanned', :most),
    (counts ->> '$.skipped') + (counts ->> '$.refused'),
    0
  FROM steward_passes
  WHERE r2_bucket = :bucket AND r2_prefix = '' AND completed_at IS NOT NULL AND certificate ->> '$.certified' = 1
    AND started_at > coalesce((SELECT max(started_at) FROM steward_runs WHERE kind = 'rules'), '')
  ORDER BY completed_at DESC
  LIMIT 1
)
