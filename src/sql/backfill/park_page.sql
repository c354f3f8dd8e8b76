-- No rows: keeps that the database refuses what is still to be inserted or upgraded of a page, because of ?9, at ?10.
-- Parameters as in plan_page.
INSERT INTO steward_refused (r2_bucket, r2_key, reason, refused_at)
SELECT ?2, r2_key, ?9, ?10 FROM ({{kinds}}) WHERE kind IN ('inserted', 'upgraded')
ON CONFLICT (r2_bucket, r2_key) DO UPDATE SET reason = excluded.reason, refused_at = excluded.refused_at
