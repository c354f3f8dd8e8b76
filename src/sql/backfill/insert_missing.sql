-- No rows: inserts the page's classified objects that have no artifact. Parameters as in plan_page.
-- DO NOTHING leaves an existing row unread and unwritten.
INSERT INTO artifacts (id, r2_bucket, r2_key, source_type, fetched_at)
SELECT {{new_id}}, ?2, r2_key, source_type, uploaded
FROM (
  SELECT r2_key, uploaded, {{source_type}} AS source_type
  FROM ({{objects}})
  WHERE NOT is_marker
  LIMIT -1 OFFSET 0
)
WHERE source_type IS NOT NULL
ON CONFLICT (r2_bucket, r2_key) DO NOTHING
