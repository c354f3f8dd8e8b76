-- No rows: points the orphans of run :run that run :undo marked at the ids they looked for before. :table_name and
-- :column_name name the child.
UPDATE {{child_table}} AS child SET {{child_column}} = moved.loser_id
FROM (
  SELECT row_key, loser_id, winner_id FROM steward_remaps
  WHERE run = :run AND child_table = :table_name AND child_column = :column_name AND winner_id IS NOT NULL AND undone_by = :undo
) AS moved
WHERE {{row_key}} = moved.row_key AND child.{{child_column}} = +moved.winner_id
