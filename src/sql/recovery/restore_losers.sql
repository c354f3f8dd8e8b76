-- No rows: inserts the losers that run ?3 marked as undone in run ?1, chunk ?2, with all their columns.
INSERT INTO artifacts ({{columns}})
SELECT {{values}} FROM steward_merges WHERE run = ?1 AND chunk = ?2 AND undone_by = ?3
