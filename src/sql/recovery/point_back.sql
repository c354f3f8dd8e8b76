-- No rows: points the children that run ?1 remapped back at the losers that run ?3 restored, where they still point
-- at the winner. A child is found by its own key: thousands may point at one winner.
UPDATE {{child_table}} AS child SET {{child_column}} = coalesce(moved.was, moved.loser_id)
FROM (
  SELECT remapped.row_key, remapped.loser_id, remapped.was, merged.winner_id
  FROM (SELECT loser_id, winner_id FROM steward_merges WHERE run = ?1 AND chunk = ?2 AND undone_by = ?3) AS merged
  CROSS JOIN steward_remaps AS remapped
    ON remapped.run = ?1
    AND remapped.child_table = ?4
    AND remapped.child_column = ?5
    AND remapped.winner_id IS NULL
    AND remapped.loser_id = merged.loser_id
  LIMIT -1 OFFSET 0
) AS moved
WHERE {{row_key}} = moved.row_key AND {{still_there}}
