-- holds: no artifact has source_type 'unknown' (exactly: 'Unknown ' or '' is another, final, type)
-- severity: error
-- row: an artifact of unknown origin
-- do: add a rule for its key (PUT /rules), then POST /recover or wait for the backfill
-- needs: artifacts.id, artifacts.r2_bucket, artifacts.r2_key, artifacts.source_type
-- proof: unknown_index
-- keys: r2_bucket, r2_key, id
SELECT id, r2_bucket, r2_key FROM artifacts WHERE source_type COLLATE BINARY = 'unknown'
