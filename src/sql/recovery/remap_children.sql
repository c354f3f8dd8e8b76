-- No rows: points the children of the losers of run :run, chunk :chunk at their winners.
UPDATE {{child_table}} SET {{child_column}} = merged.winner_id
FROM (
  SELECT artifacts.id, merged.winner_id
  FROM (SELECT loser_id, winner_id FROM steward_merges WHERE run = :run AND chunk = :chunk) AS merged
  CROSS JOIN artifacts ON artifacts.id = +merged.loser_id
) AS merged
WHERE merged.id = {{child_table}}.{{child_column}}
