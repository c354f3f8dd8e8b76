-- Up to 100 children that run ?1 remapped and that no longer point at the winner, so were left as they are.
-- ?2 and ?3 name the child, ?4 the run that undid.
SELECT ?2 AS child_table, ?3 AS child_column, remapped.row_key, child.{{child_column}} AS points_at
FROM steward_remaps AS remapped
JOIN steward_merges AS merged ON merged.run = ?1 AND merged.loser_id = remapped.loser_id AND merged.undone_by = ?4
LEFT JOIN {{child_table}} AS child ON child.{{row_key}} = remapped.row_key
WHERE remapped.run = ?1 AND remapped.child_table = ?2 AND remapped.child_column = ?3
  AND child.{{child_column}} IS NOT remapped.loser_id
LIMIT 100
