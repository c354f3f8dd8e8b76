-- One row: the counts of a page, as `backfill/plan_page` gives them. Notes at :now that the pass over :bucket and
-- :prefix that began at :started_at stands at :ranges after it, with :counts before it, those of the pass :previous to
-- it, and as many :copies in KV. Of several pages of one transaction the first is noted :anew, the others beside it.
-- Where rows lie beside a page that have no object, the pass stays at the :ranges_before the transaction: those rows are
-- to be looked at first.
-- Without the lease of token :token and fence :fence, the NOT NULL of fence fails and takes the whole batch with it.
INSERT INTO steward_passes (
  r2_bucket, r2_prefix, started_at, saved_at, ranges, counts, page, previous, copies, fence
)
SELECT
  :bucket, :prefix, :started_at, :now, CASE lone_rows WHEN 0 THEN :ranges ELSE :ranges_before END, :counts,
  json_array(json_object(
    'scanned', scanned, 'inserted', inserted, 'upgraded', upgraded, 'unchanged', unchanged, 'newer', newer,
    'unclassified', unclassified, 'skipped', skipped, 'refused', refused, 'undated', undated,
    'unclassified_sample', json(unclassified_sample), 'newer_sample', json(newer_sample),
    'lone_rows', lone_rows, 'marked', marked
  )),
  :previous, :copies,
  (SELECT fence FROM steward_control WHERE lease_token = :token AND fence = :fence)
FROM ({{plan}})
WHERE true
ON CONFLICT (r2_bucket, r2_prefix, started_at) DO UPDATE SET
  saved_at = excluded.saved_at, completed_at = NULL, counts = excluded.counts,
  ranges = CASE
    WHEN NOT :anew AND EXISTS (SELECT 1 FROM json_each(page) WHERE value ->> '$.lone_rows' > 0) THEN ranges
    ELSE excluded.ranges
  END,
  page = CASE WHEN :anew THEN excluded.page ELSE json_insert(page, '$[#]', json(excluded.page -> 0)) END,
  fence = excluded.fence
RETURNING
  page ->> '$[#-1].scanned' AS scanned, page ->> '$[#-1].inserted' AS inserted, page ->> '$[#-1].upgraded' AS upgraded,
  page ->> '$[#-1].unchanged' AS unchanged, page ->> '$[#-1].newer' AS newer,
  page ->> '$[#-1].unclassified' AS unclassified, page ->> '$[#-1].skipped' AS skipped,
  page ->> '$[#-1].refused' AS refused, page ->> '$[#-1].undated' AS undated,
  page ->> '$[#-1].unclassified_sample' AS unclassified_sample, page ->> '$[#-1].newer_sample' AS newer_sample,
  page ->> '$[#-1].lone_rows' AS lone_rows, page ->> '$[#-1].marked' AS marked
