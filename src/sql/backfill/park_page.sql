-- No rows: keeps that the database refuses what is still to be inserted or upgraded of a page, because of :reason, at :now.
-- The page is one of :bucket.
INSERT INTO steward_refused (r2_bucket, r2_key, reason, refused_at, first_refused_at)
SELECT :bucket, r2_key, :reason, :now, :now FROM ({{decisions}}) WHERE decision IN ('inserted', 'upgraded')
ON CONFLICT (r2_bucket, r2_key) DO UPDATE SET reason = excluded.reason, refused_at = excluded.refused_at
