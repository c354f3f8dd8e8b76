-- True for a row whose bucket and key are texts that every part of a merge compares whole. In a table that has no column for
-- the bucket, rows of files that are kept elsewhere may share an empty key, which is no object's. A fragment.
typeof(r2_bucket) = 'text' AND typeof(r2_key) = 'text' AND instr(r2_bucket, char(0)) = 0 AND instr(r2_key, char(0)) = 0
AND (lower('r2_bucket') IS NOT NULL OR r2_key <> '')
