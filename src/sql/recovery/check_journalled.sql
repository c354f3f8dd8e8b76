-- No rows: fails the batch unless run ?2 journalled in chunk ?3 just what was to lose of the groups in ?1 (?4 at most):
-- each id once, and none of a winner.
UPDATE steward_control SET losers_journalled = CASE
  WHEN EXISTS (
    SELECT 1 FROM (
      SELECT count(*) AS journalled, count(DISTINCT loser_id) AS ids FROM steward_merges WHERE run = ?2 AND chunk = ?3
    )
    WHERE ids = journalled AND journalled = min(?4, (
      SELECT coalesce(sum(rows_of_it - 1), 0) FROM (
        SELECT count(*) AS rows_of_it FROM ({{groups}}) AS grouped
        JOIN artifacts
          ON artifacts.r2_bucket = grouped.r2_bucket COLLATE BINARY
          AND artifacts.r2_key = grouped.r2_key COLLATE BINARY
        GROUP BY grouped.r2_bucket, grouped.r2_key
      )
    ))
  ) AND NOT EXISTS (
    SELECT 1 FROM steward_merges AS lost WHERE lost.run = ?2 AND lost.chunk = ?3 AND lost.loser_id IN (
      SELECT winner_id FROM steward_merges WHERE run = ?2 AND chunk = ?3
    )
  ) THEN 1
END
