-- The child rows whose artifact is missing, with the winner that the journal leads to. A fragment.
-- Unary plus takes the column's affinity away, which the journal's untyped index needs.
SELECT
  {{row_key}} AS row_key,
  child.{{child_column}} AS missing_id,
  (
    WITH RECURSIVE trail (id) AS (
      SELECT winner_id FROM steward_merges WHERE loser_id = +child.{{child_column}} AND undone_by IS NULL
      UNION
      SELECT merged.winner_id FROM trail JOIN steward_merges AS merged ON merged.loser_id = trail.id
      WHERE merged.undone_by IS NULL
    )
    SELECT trail.id FROM trail CROSS JOIN artifacts ON artifacts.id = trail.id LIMIT 1
  ) AS winner_id
FROM {{child_table}} AS child
WHERE child.{{child_column}} IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM artifacts WHERE artifacts.id = child.{{child_column}})
