-- One row: the counts of a page, as `backfill/plan_page` gives them. Notes at :now that the pass over :bucket and
-- :prefix that began at :started_at stands at :ranges after it, with :counts before it, those of the pass :previous to
-- it, and as many :copies in KV.
-- Without the lease of token :token and fence :fence, the NOT NULL of fence fails and takes the whole batch with it.
INSERT INTO steward_passes (
  r2_bucket, r2_prefix, started_at, saved_at, ranges, counts, page, previous, copies, fence
)
SELECT
  :bucket, :prefix, :started_at, :now, :ranges, :counts,
  json_object(
    'scanned', scanned, 'inserted', inserted, 'upgraded', upgraded, 'unchanged', unchanged,
    'unclassified', unclassified, 'skipped', skipped, 'refused', refused,
    'unclassified_sample', json(unclassified_sample)
  ),
  :previous, :copies,
  (SELECT fence FROM steward_control WHERE lease_token = :token AND fence = :fence)
FROM ({{plan}})
WHERE true
ON CONFLICT (r2_bucket, r2_prefix, started_at) DO UPDATE SET
  saved_at = excluded.saved_at, completed_at = NULL, ranges = excluded.ranges, counts = excluded.counts,
  page = excluded.page, fence = excluded.fence
RETURNING
  page ->> 'scanned' AS scanned, page ->> 'inserted' AS inserted, page ->> 'upgraded' AS upgraded,
  page ->> 'unchanged' AS unchanged, page ->> 'unclassified' AS unclassified, page ->> 'skipped' AS skipped,
  page ->> 'refused' AS refused, page ->> 'unclassified_sample' AS unclassified_sample
