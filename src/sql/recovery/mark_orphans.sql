-- No rows: marks as undone by run :undo those {{chosen}} of the orphans of run :run that still point where it pointed them. :table_name and
-- :column_name name the child. Where its key is declared, only an id that is there can be pointed at.
UPDATE steward_remaps SET undone_by = :undo
WHERE run = :run AND child_table = :table_name AND child_column = :column_name AND winner_id IS NOT NULL AND undone_by IS NULL AND {{chosen}}
  AND EXISTS (
    SELECT 1 FROM {{child_table}} AS child
    WHERE {{row_key}} = +steward_remaps.row_key AND child.{{child_column}} = +steward_remaps.winner_id
  )
  AND (NOT {{declared}} OR EXISTS (SELECT 1 FROM artifacts WHERE artifacts.id = +steward_remaps.loser_id))
