-- True where no winner of run ?1, chunk ?2 refers to itself. A fragment.
NOT EXISTS (
  SELECT 1 FROM (SELECT winner_id FROM steward_merges WHERE run = ?1 AND chunk = ?2) AS merged
  CROSS JOIN artifacts AS winner ON winner.id = +merged.winner_id
  WHERE winner.{{child_column}} = winner.id
)
