-- No rows: points the orphans that run :run journalled at their winners. :table_name and :column_name name the child.
UPDATE {{child_table}} AS child SET {{child_column}} = lost.winner_id
FROM (
  SELECT row_key, loser_id, winner_id FROM steward_remaps
  WHERE run = :run AND child_table = :table_name AND child_column = :column_name AND winner_id IS NOT NULL AND undone_by IS NULL
) AS lost
WHERE {{row_key}} = lost.row_key AND child.{{child_column}} = +lost.loser_id
