-- No rows: inserts those of the page's objects that have no artifact and that no constraint refuses. The page is one of
-- :bucket. Only where artifacts has no trigger of the owner's: their own conflicts would be ignored as well.
INSERT OR IGNORE INTO artifacts (id, r2_bucket, r2_key, source_type, fetched_at)
SELECT {{new_id}}, :bucket, r2_key, source_type, {{moment}} FROM ({{decisions}}) WHERE decision = 'inserted'
