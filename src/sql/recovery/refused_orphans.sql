-- Up to 100 orphans of run ?1 that could not be pointed back, and where they point. Parameters as in mark_orphans.
SELECT child_table, child_column, row_key, points_at
FROM (
  SELECT
    child_table,
    child_column,
    row_key,
    loser_id,
    (SELECT child.{{child_column}} FROM {{child_table}} AS child WHERE {{row_key}} = +steward_remaps.row_key) AS points_at
  FROM steward_remaps
  WHERE run = ?1 AND child_table = ?3 AND child_column = ?4 AND winner_id IS NOT NULL AND undone_by IS NULL
)
WHERE points_at IS NOT loser_id
LIMIT 100
