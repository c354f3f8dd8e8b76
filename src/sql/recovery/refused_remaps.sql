-- Children that run :run remapped in chunk :chunk and that run :undo could not point back, for they no longer pointed
-- at the winner. :table_name and :column_name name the child. Run after `point_back`, in its transaction.
SELECT
  :table_name AS child_table,
  :column_name AS child_column,
  remapped.row_key,
  (SELECT child.{{child_column}} FROM {{child_table}} AS child WHERE {{row_key}} = remapped.row_key) AS points_at
FROM (SELECT loser_id FROM steward_merges WHERE run = :run AND chunk = :chunk AND undone_by = :undo) AS merged
CROSS JOIN steward_remaps AS remapped
  ON remapped.run = :run
  AND remapped.child_table = :table_name
  AND remapped.child_column = :column_name
  AND remapped.winner_id IS NULL
  AND remapped.loser_id = merged.loser_id
WHERE NOT EXISTS (
  SELECT 1 FROM {{child_table}} AS child
  WHERE {{row_key}} = remapped.row_key AND child.{{child_column}} = coalesce(remapped.was, remapped.loser_id)
)
LIMIT 100
