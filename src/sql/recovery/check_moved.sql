-- No rows: fails the batch unless the statement before it moved every child that was journalled, and none is left that
-- points at a loser of run :run, chunk :chunk by the id's comparison or its own, nor a winner that points at itself.
UPDATE steward_control SET children_moved = CASE
  WHEN children_moved = changes()
    AND NOT EXISTS (
      SELECT 1 FROM (SELECT loser_id FROM steward_merges WHERE run = :run AND chunk = :chunk) AS merged
      CROSS JOIN artifacts ON artifacts.id = +merged.loser_id
      CROSS JOIN {{child_table}} AS child ON artifacts.id = child.{{child_column}}
    )
    AND NOT EXISTS (
      SELECT 1 FROM (SELECT loser_id FROM steward_merges WHERE run = :run AND chunk = :chunk) AS merged
      CROSS JOIN artifacts ON artifacts.id = +merged.loser_id
      CROSS JOIN {{child_table}} AS child ON child.{{child_column}} = artifacts.id
    )
    AND {{no_self}}
  THEN 1
END
