-- No rows: settles at :now the marks of :bucket that a pass with a certificate, which began at :seen_in, did not confirm:
-- the object was listed, or the row is gone. What an event marked while the pass ran is left to the next.
UPDATE steward_missing SET resolved_at = :now
WHERE r2_bucket = :bucket AND seen_in < :seen_in AND resolved_at IS NULL
