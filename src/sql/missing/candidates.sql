-- One row: how many artifacts of :bucket the pass that began at :seen_in lists no object for.
SELECT count(*) AS missing FROM steward_missing WHERE r2_bucket = :bucket AND seen_in = :seen_in AND resolved_at IS NULL
