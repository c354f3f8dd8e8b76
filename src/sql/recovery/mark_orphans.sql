-- No rows: marks as undone by run ?2 the orphans of run ?1 that still point where it pointed them. ?3 and ?4 name the
-- child. Where its key is declared, only an id that is there can be pointed at.
UPDATE steward_remaps SET undone_by = ?2
WHERE run = ?1 AND child_table = ?3 AND child_column = ?4 AND winner_id IS NOT NULL AND undone_by IS NULL
  AND EXISTS (
    SELECT 1 FROM {{child_table}} AS child
    WHERE {{row_key}} = +steward_remaps.row_key AND child.{{child_column}} = +steward_remaps.winner_id
  )
  AND (NOT {{declared}} OR EXISTS (SELECT 1 FROM artifacts WHERE artifacts.id = +steward_remaps.loser_id))
