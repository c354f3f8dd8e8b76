-- Up to 100 orphans of run :run that could not be pointed back, and where they point. 
-- :table_name and :column_name name the child.
SELECT child_table, child_column, row_key, points_at
FROM (
  SELECT
    child_table,
    child_column,
    row_key,
    loser_id,
    (SELECT child.{{child_column}} FROM {{child_table}} AS child WHERE {{row_key}} = +steward_remaps.row_key) AS points_at
  FROM steward_remaps
  WHERE run = :run AND child_table = :table_name AND child_column = :column_name AND winner_id IS NOT NULL AND undone_by IS NULL
)
WHERE points_at IS NOT loser_id
LIMIT 100
