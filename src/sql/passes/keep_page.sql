-- One row: the counts of a page, as `backfill/plan_page` gives them. Notes at :now that the pass over :bucket and
-- :prefix that began at :started_at stood at :ranges with :counts before pages that are committed at once, in whatever
-- order; and beside that, of each of those pages, its counts, and that the range that :stood_at a key stands at :last_key.
-- Those of the pass :previous to it, and as many :copies in KV, are noted too.
-- Other :counts than before are those after all pages noted so far. A page that is noted twice was sent again, as its
-- answer was lost.
-- Without the lease of token :token and fence :fence, the NOT NULL of fence fails and takes the whole batch with it.
INSERT INTO steward_passes (
  r2_bucket, r2_prefix, started_at, saved_at, ranges, counts, page, previous, copies, fence
)
SELECT
  :bucket, :prefix, :started_at, :now, :ranges, :counts,
  json_array(json_object(
    'stood_at', :stood_at, 'last_key', :last_key,
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
  saved_at = excluded.saved_at, completed_at = NULL, ranges = excluded.ranges, counts = excluded.counts,
  page = CASE
    WHEN page IS NULL OR fence <> excluded.fence OR counts <> excluded.counts THEN excluded.page
    ELSE (
      SELECT json_group_array(json(value))
      FROM (
        SELECT value FROM json_each(page) WHERE value ->> '$.last_key' <> :last_key
        UNION ALL
        SELECT excluded.page -> 0
      )
    )
  END,
  fence = excluded.fence
RETURNING
  page ->> '$[#-1].scanned' AS scanned, page ->> '$[#-1].inserted' AS inserted, page ->> '$[#-1].upgraded' AS upgraded,
  page ->> '$[#-1].unchanged' AS unchanged, page ->> '$[#-1].newer' AS newer,
  page ->> '$[#-1].unclassified' AS unclassified, page ->> '$[#-1].skipped' AS skipped,
  page ->> '$[#-1].refused' AS refused, page ->> '$[#-1].undated' AS undated,
  page ->> '$[#-1].unclassified_sample' AS unclassified_sample, page ->> '$[#-1].newer_sample' AS newer_sample,
  page ->> '$[#-1].lone_rows' AS lone_rows, page ->> '$[#-1].marked' AS marked
