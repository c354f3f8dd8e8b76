-- No rows: notes of :bucket what a pass with a certificate, which began at :seen_in, saw missing.
UPDATE steward_missing SET first_pass = coalesce(first_pass, :seen_in), last_pass = :seen_in
WHERE r2_bucket = :bucket AND seen_in = :seen_in AND resolved_at IS NULL
