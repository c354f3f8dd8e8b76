-- The child rows whose artifact is missing, with the winner that the journal leads to. A fragment.
-- The trail begins at the newest merge of that id, unless another artifact has had the id since; it continues to what
-- became of each winner later, and ends at a row of the same object.
-- Unary plus takes the column's affinity away, which the journal's untyped index needs.
SELECT
  {{row_key}} AS row_key,
  child.{{child_column}} AS missing_id,
  (
    WITH RECURSIVE trail (merge, id, r2_bucket, r2_key) AS (
      SELECT id, winner_id, {{r2_bucket}}, {{r2_key}}
      FROM (
        SELECT * FROM steward_merges
        WHERE loser_id = +child.{{child_column}} AND undone_by IS NULL
        ORDER BY id DESC
        LIMIT 1
      ) AS lost
      WHERE reused = 0
      UNION ALL
      SELECT later.id, later.winner_id, trail.r2_bucket, trail.r2_key
      FROM trail
      JOIN steward_merges AS later ON later.id = (
        SELECT min(id) FROM steward_merges WHERE loser_id = trail.id AND id > trail.merge AND undone_by IS NULL
      )
    )
    SELECT trail.id
    FROM trail
    CROSS JOIN artifacts
      ON artifacts.id = trail.id
      AND artifacts.r2_bucket COLLATE BINARY = trail.r2_bucket
      AND artifacts.r2_key COLLATE BINARY = trail.r2_key
    ORDER BY trail.merge DESC
    LIMIT 1
  ) AS winner_id
FROM {{child_table}} AS child
WHERE child.{{child_column}} IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM artifacts WHERE artifacts.id = child.{{child_column}})
