-- No rows: fails the batch unless run :run journalled in chunk :chunk just what was to lose of the {{groups}} (:most at
-- most): each id once, and none of a winner.
UPDATE steward_control SET losers_journalled = CASE
  WHEN EXISTS (
    SELECT 1 FROM (
      SELECT count(*) AS journalled, count(DISTINCT loser_id) AS ids FROM steward_merges WHERE run = :run AND chunk = :chunk
    )
    WHERE ids = journalled AND journalled = min(:most, (
      SELECT coalesce(sum(rows_of_it - 1), 0) FROM (
        SELECT count(*) AS rows_of_it FROM ({{groups}}) AS grouped
        JOIN artifacts
          ON artifacts.r2_bucket = grouped.r2_bucket COLLATE BINARY
          AND artifacts.r2_key = grouped.r2_key COLLATE BINARY
        GROUP BY grouped.r2_bucket, grouped.r2_key
      )
    ))
  ) AND NOT EXISTS (
    SELECT 1 FROM steward_merges AS lost WHERE lost.run = :run AND lost.chunk = :chunk AND lost.loser_id IN (
      SELECT winner_id FROM steward_merges WHERE run = :run AND chunk = :chunk
    )
  ) THEN 1
END
