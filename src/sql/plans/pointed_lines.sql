-- The {{chosen}} orphans that run :run pointed at a winner and that can be pointed back, as `recovery/mark_orphans` marks them.
-- :table_name and :column_name name the child. A fragment.
SELECT
  json_array(child_table || '.' || child_column, {{key}}) AS about,
  json_object('points_at', {{winner_id}}, 'back_to', {{loser_id}}) AS line
FROM steward_remaps
WHERE run = :run AND child_table = :table_name AND child_column = :column_name AND winner_id IS NOT NULL AND undone_by IS NULL
  AND {{chosen}}
  AND EXISTS (
    SELECT 1 FROM {{child_table}} AS child
    WHERE {{row_key}} = +steward_remaps.row_key AND child.{{child_column}} = +steward_remaps.winner_id
  )
  AND (NOT {{declared}} OR EXISTS (SELECT 1 FROM artifacts WHERE artifacts.id = +steward_remaps.loser_id))
