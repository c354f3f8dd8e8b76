-- No rows: deletes the losers of run ?1, chunk ?2.
DELETE FROM artifacts
WHERE id IN (SELECT loser_id FROM steward_merges WHERE run = ?1 AND chunk = ?2)
