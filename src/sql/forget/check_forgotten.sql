-- No rows: fails the batch unless the statement before it deleted each row of run :run, chunk :chunk, and nothing else.
UPDATE steward_control SET losers_deleted = CASE
  WHEN changes() = (SELECT count(*) FROM steward_merges WHERE run = :run AND chunk = :chunk)
    AND NOT EXISTS (
      SELECT 1 FROM (SELECT loser_id FROM steward_merges WHERE run = :run AND chunk = :chunk) AS forgotten
      CROSS JOIN artifacts ON artifacts.id = +forgotten.loser_id
    )
  THEN 1
END
