-- No rows: points the orphans of run ?1 that run ?2 marked at the ids they looked for before. ?3 and ?4 name the child.
UPDATE {{child_table}} AS child SET {{child_column}} = moved.loser_id
FROM (
  SELECT row_key, loser_id, winner_id FROM steward_remaps
  WHERE run = ?1 AND child_table = ?3 AND child_column = ?4 AND winner_id IS NOT NULL AND undone_by = ?2
) AS moved
WHERE {{row_key}} = moved.row_key AND child.{{child_column}} = +moved.winner_id
