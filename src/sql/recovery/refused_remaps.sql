-- Up to 100 children that run ?1 remapped and that no longer point at the winner, so were left as they are.
-- ?2 and ?3 name the child, ?4 the run that undid.
SELECT
  ?2 AS child_table,
  ?3 AS child_column,
  remapped.row_key,
  (SELECT child.{{child_column}} FROM {{child_table}} AS child WHERE {{row_key}} = remapped.row_key) AS points_at
FROM steward_remaps AS remapped
JOIN steward_merges AS merged ON merged.run = ?1 AND merged.loser_id = remapped.loser_id AND merged.undone_by = ?4
WHERE remapped.run = ?1 AND remapped.child_table = ?2 AND remapped.child_column = ?3
  AND NOT EXISTS (
    SELECT 1 FROM {{child_table}} AS child
    WHERE {{row_key}} = remapped.row_key AND child.{{child_column}} = remapped.loser_id
  )
LIMIT 100
