-- The children of {{undoable}} losers that run :run moved and that still point at the winner: what they would hold again.
-- :table_name and :column_name name the child. A fragment.
WITH undoable AS ({{undoable}})
SELECT
  json_array(undoable.chunk, {{loser_id}}) AS about,
  json_object('row_key', {{key}}, 'back_to', {{back_to}}) AS line
FROM undoable
CROSS JOIN steward_remaps AS remapped
  ON remapped.run = :run
  AND remapped.child_table = :table_name
  AND remapped.child_column = :column_name
  AND remapped.winner_id IS NULL
  AND remapped.loser_id = undoable.loser_id
CROSS JOIN {{child_table}} AS child ON {{row_key}} = remapped.row_key
WHERE (child.{{child_column}} = +undoable.winner_id) IS 1
