-- No rows: journals the child rows that point at a loser of run :run, chunk :chunk; :table_name and :column_name name
-- the child. A child points where the id, with its own type and collation, is equal to it, as a foreign key compares;
-- `was` is what it holds.
INSERT INTO steward_remaps (run, child_table, child_column, row_key, loser_id, was)
SELECT CAST(:run AS INTEGER), :table_name, :column_name, {{row_key}}, merged.loser_id, child.{{child_column}}
FROM (SELECT loser_id FROM steward_merges WHERE run = :run AND chunk = :chunk) AS merged
CROSS JOIN artifacts ON artifacts.id = +merged.loser_id
CROSS JOIN {{child_table}} AS child ON artifacts.id = child.{{child_column}}
