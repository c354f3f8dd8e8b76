-- True where no winner of run :run, chunk :chunk refers to itself. A fragment.
NOT EXISTS (
  SELECT 1 FROM (SELECT winner_id FROM steward_merges WHERE run = :run AND chunk = :chunk) AS merged
  CROSS JOIN artifacts AS winner ON winner.id = +merged.winner_id
  WHERE winner.{{child_column}} = winner.id
)
