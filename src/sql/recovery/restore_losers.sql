-- No rows: inserts the losers that run :undo marked as undone in run :run, chunk :chunk, with all their columns.
INSERT INTO artifacts ({{columns}})
SELECT {{values}} FROM steward_merges WHERE run = :run AND chunk = :chunk AND undone_by = :undo
