-- No rows: deletes the losers of run :run, chunk :chunk.
DELETE FROM artifacts
WHERE id IN (SELECT loser_id FROM steward_merges WHERE run = :run AND chunk = :chunk)
