-- The {{undoable}} merges: the loser that would return, its winner and its object. A fragment.
WITH undoable AS ({{undoable}})
SELECT
  json_array(chunk, {{loser_id}}) AS about,
  json_object('winner_id', {{winner_id}}, 'r2_bucket', r2_bucket, 'r2_key', r2_key) AS line
FROM undoable
