-- No rows: counts the losers of run :run, chunk :chunk against what may be deleted; past it the CHECK fails the batch.
UPDATE steward_control
SET deletes_left = deletes_left - (SELECT count(*) FROM steward_merges WHERE run = :run AND chunk = :chunk)
