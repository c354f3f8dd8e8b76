-- No rows: notes at :now that the pass over :bucket and :prefix that began at :started_at, and was :completed_at,
-- stands at :ranges with :counts, those of the pass :previous to it, its :marks, its :certificate,
-- and as many :copies in KV.
-- Without the lease of token :token and fence :fence, the NOT NULL of fence fails and takes the whole batch with it.
INSERT INTO steward_passes (
  r2_bucket, r2_prefix, started_at, saved_at, completed_at, ranges, counts, previous, marks, copies, certificate, fence
)
VALUES (
  :bucket, :prefix, :started_at, :now, :completed_at, :ranges, :counts, :previous, :marks, :copies, :certificate,
  (SELECT fence FROM steward_control WHERE lease_token = :token AND fence = :fence)
)
ON CONFLICT (r2_bucket, r2_prefix, started_at) DO UPDATE SET
  saved_at = excluded.saved_at, completed_at = excluded.completed_at, ranges = excluded.ranges,
  counts = excluded.counts, page = NULL, marks = excluded.marks, copies = excluded.copies,
  certificate = excluded.certificate, fence = excluded.fence
