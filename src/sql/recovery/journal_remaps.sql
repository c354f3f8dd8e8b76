-- No rows: journals the child rows that point at a loser of run ?1, chunk ?2; ?3 and ?4 name the child. A child points
-- where the id, with its own type and collation, is equal to it, as a foreign key compares; `was` is what it holds.
INSERT INTO steward_remaps (run, child_table, child_column, row_key, loser_id, was)
SELECT CAST(?1 AS INTEGER), ?3, ?4, {{row_key}}, merged.loser_id, child.{{child_column}}
FROM (SELECT loser_id FROM steward_merges WHERE run = ?1 AND chunk = ?2) AS merged
CROSS JOIN artifacts ON artifacts.id = +merged.loser_id
CROSS JOIN {{child_table}} AS child ON artifacts.id = child.{{child_column}}
