-- No rows: points the orphans that run ?1 journalled at their winners. ?2 and ?3 name the child.
UPDATE {{child_table}} AS child SET {{child_column}} = lost.winner_id
FROM (
  SELECT row_key, loser_id, winner_id FROM steward_remaps
  WHERE run = ?1 AND child_table = ?2 AND child_column = ?3 AND winner_id IS NOT NULL AND undone_by IS NULL
) AS lost
WHERE {{row_key}} = lost.row_key AND child.{{child_column}} = +lost.loser_id
