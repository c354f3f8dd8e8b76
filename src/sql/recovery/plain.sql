-- True for a row whose bucket and key are texts that every part of a merge compares whole, and whose key an object can
-- have: rows of files that are kept elsewhere may share an empty one. A fragment.
typeof(r2_bucket) = 'text' AND typeof(r2_key) = 'text' AND instr(r2_bucket, char(0)) = 0 AND instr(r2_key, char(0)) = 0
AND r2_key <> ''
