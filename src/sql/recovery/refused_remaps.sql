-- Children that run ?1 remapped in chunk ?2 and that run ?3 could not point back, for they no longer pointed at the
-- winner. ?4 and ?5 name the child. Run after `point_back`, in its transaction.
SELECT
  ?4 AS child_table,
  ?5 AS child_column,
  remapped.row_key,
  (SELECT child.{{child_column}} FROM {{child_table}} AS child WHERE {{row_key}} = remapped.row_key) AS points_at
FROM (SELECT loser_id FROM steward_merges WHERE run = ?1 AND chunk = ?2 AND undone_by = ?3) AS merged
CROSS JOIN steward_remaps AS remapped
  ON remapped.run = ?1
  AND remapped.child_table = ?4
  AND remapped.child_column = ?5
  AND remapped.winner_id IS NULL
  AND remapped.loser_id = merged.loser_id
WHERE NOT EXISTS (
  SELECT 1 FROM {{child_table}} AS child
  WHERE {{row_key}} = remapped.row_key AND child.{{child_column}} = coalesce(remapped.was, remapped.loser_id)
)
LIMIT 100
