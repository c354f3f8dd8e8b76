-- No rows: journals for run :run the child rows whose missing id the journal of merges knows, with the winner they are
-- about to be pointed at, where they can be. :table_name and :column_name name the child.
INSERT INTO steward_remaps (run, child_table, child_column, row_key, loser_id, winner_id)
SELECT CAST(:run AS INTEGER), :table_name, :column_name, row_key, missing_id, winner_id
FROM ({{orphans}})
WHERE winner_id IS NOT NULL AND {{free}}
