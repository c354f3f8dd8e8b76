-- No rows: notes at :now the objects of a page of :bucket that were uploaded after the moment their row tells.
INSERT INTO steward_newer (r2_bucket, r2_key, uploaded, seen_at)
SELECT :bucket, r2_key, uploaded, :now FROM ({{decisions}}) WHERE decision = 'newer'
ON CONFLICT (r2_bucket, r2_key) DO UPDATE SET uploaded = excluded.uploaded
WHERE steward_newer.uploaded IS NOT excluded.uploaded
