-- No rows: settles at :now the marks of :bucket that a pass with a certificate, which began at :seen_in, did not confirm:
-- the object was listed, or the row is gone.
UPDATE steward_missing SET resolved_at = :now
WHERE r2_bucket = :bucket AND seen_in IS NOT :seen_in AND resolved_at IS NULL
