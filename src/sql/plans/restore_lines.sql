-- The {{undoable}} merges or forgotten rows: the row that would return, its winner, where it has one, and its object. A
-- fragment.
WITH undoable AS ({{undoable}})
SELECT
  json_array(chunk, {{loser_id}}) AS about,
  json_object('winner_id', {{winner_id}}, 'r2_bucket', r2_bucket, 'r2_key', r2_key) AS line
FROM undoable
