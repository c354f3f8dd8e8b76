-- No rows: fails the batch unless the statement before it deleted each loser of run :run, chunk :chunk, and each winner
-- is there.
UPDATE steward_control SET losers_deleted = CASE
  WHEN changes() = (SELECT count(*) FROM steward_merges WHERE run = :run AND chunk = :chunk)
    AND NOT EXISTS (
      SELECT 1 FROM (SELECT loser_id FROM steward_merges WHERE run = :run AND chunk = :chunk) AS merged
      CROSS JOIN artifacts ON artifacts.id = +merged.loser_id
    )
    AND NOT EXISTS (
      SELECT 1 FROM (SELECT winner_id FROM steward_merges WHERE run = :run AND chunk = :chunk) AS merged
      WHERE NOT EXISTS (SELECT 1 FROM artifacts WHERE artifacts.id = +merged.winner_id)
    )
  THEN 1
END
