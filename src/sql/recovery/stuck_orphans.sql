-- The known orphans that would break a UNIQUE constraint of their table where they are pointed at the winner, which is
-- another orphan's too, or has a child like it. {{ranked}} are the rows that a dry run leaves merged. A fragment.
SELECT steward_key FROM (
  SELECT steward_key, steward_lost, count(*) OVER (PARTITION BY {{merged_key}}) AS steward_same
  FROM (
    SELECT
      orphan.row_key AS steward_key,
      1 AS steward_lost,
      coalesce(merged.winner_id, orphan.winner_id) AS steward_target,
      child.*
    FROM ({{orphans}}) AS orphan
    JOIN {{child_table}} AS child ON {{row_key}} = orphan.row_key AND child.{{child_column}} = orphan.missing_id
    LEFT JOIN ({{ranked}}) AS merged ON merged.id = orphan.winner_id
    WHERE orphan.winner_id IS NOT NULL
    UNION ALL
    SELECT {{row_key}}, 0, coalesce(merged.winner_id, child.{{child_column}}), child.*
    FROM {{child_table}} AS child
    LEFT JOIN ({{ranked}}) AS merged ON merged.id = child.{{child_column}}
    WHERE EXISTS (SELECT 1 FROM artifacts WHERE artifacts.id = child.{{child_column}})
  ) AS child
  WHERE {{not_null}} AND {{where}}
)
WHERE steward_lost AND steward_same > 1
