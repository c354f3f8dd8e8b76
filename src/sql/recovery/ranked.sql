-- The rows of the groups in {{groups}}: place 1 is the winner. A fragment of the dedupe statements.
-- Rows that count first, then the newest fetched_at, then a known type, then the highest id. `doubtful` is 1
-- in a group that holds a fetched_at which cannot be read, unless all of its rows hold the same: such a group is left
-- whole, or, where {{by_id}}, its highest id wins.
SELECT
  id,
  r2_bucket,
  r2_key,
  source_type,
  fetched_at,
  doubtful,
  first_value(id) OVER ranking AS winner_id,
  row_number() OVER ranking AS place,
  count(*) FILTER (WHERE source_type COLLATE BINARY <> 'unknown') OVER (PARTITION BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY) AS known
FROM (
  SELECT
    *,
    max(unreadable) OVER object
      AND NOT (min(fetched_at) OVER object IS max(fetched_at) OVER object AND count(fetched_at) OVER object = count(*) OVER object)
      AS doubtful
  FROM ({{moments}})
  WINDOW object AS (PARTITION BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY)
)
WINDOW ranking AS (
  PARTITION BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
  ORDER BY
    live DESC,
    CASE WHEN doubtful AND {{by_id}} THEN NULL ELSE fetched END DESC NULLS LAST,
    CASE WHEN doubtful AND {{by_id}} THEN '' ELSE finer END DESC,
    CASE WHEN doubtful AND {{by_id}} THEN 0 ELSE coalesce(source_type, 'unknown') <> 'unknown' END DESC,
    id DESC
)
