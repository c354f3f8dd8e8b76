-- No rows: points the children that run :run remapped in chunk :chunk back at the losers that run :undo restored, where
-- they still point at the winner. :table_name and :column_name name the child. A child is found by its own key:
-- thousands may point at one winner.
UPDATE {{child_table}} AS child SET {{child_column}} = coalesce(moved.was, moved.loser_id)
FROM (
  SELECT remapped.row_key, remapped.loser_id, remapped.was, merged.winner_id
  FROM (SELECT loser_id, winner_id FROM steward_merges WHERE run = :run AND chunk = :chunk AND undone_by = :undo) AS merged
  CROSS JOIN steward_remaps AS remapped
    ON remapped.run = :run
    AND remapped.child_table = :table_name
    AND remapped.child_column = :column_name
    AND remapped.winner_id IS NULL
    AND remapped.loser_id = merged.loser_id
  LIMIT -1 OFFSET 0
) AS moved
WHERE {{row_key}} = moved.row_key AND {{still_there}}
