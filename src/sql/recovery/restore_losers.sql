-- No rows: inserts the losers that run :undo marked as undone in run :run, chunk :chunk, with all their columns; less those that
-- are back, where it takes the chunk in parts.
INSERT INTO artifacts ({{columns}})
SELECT {{values}} FROM steward_merges WHERE run = :run AND chunk = :chunk AND undone_by = :undo
  AND NOT EXISTS (SELECT 1 FROM artifacts WHERE artifacts.id = +steward_merges.loser_id)
