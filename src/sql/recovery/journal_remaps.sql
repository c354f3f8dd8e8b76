-- No rows: journals the child rows that point at a loser of run ?1, chunk ?2; ?3 and ?4 name the child.
INSERT INTO steward_remaps (run, child_table, child_column, row_key, loser_id)
SELECT CAST(?1 AS INTEGER), ?3, ?4, {{row_key}}, merged.loser_id
FROM (SELECT loser_id FROM steward_merges WHERE run = ?1 AND chunk = ?2) AS merged
CROSS JOIN {{child_table}} AS child ON child.{{child_column}} = merged.loser_id
