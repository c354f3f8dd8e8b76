-- One row or none: pass :pass_id, whole.
SELECT
  id, r2_bucket, r2_prefix, started_at, saved_at, completed_at, ranges, counts, page, previous, marks, copies,
  certificate, heads
FROM steward_passes
WHERE id = :pass_id
