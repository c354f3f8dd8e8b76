-- No rows: journals for run ?3 the child rows whose missing id the journal of merges knows, with the winner they are
-- about to be pointed at, where they can be. ?4 and ?5 name the child; ?1 and ?2 as in stuck_orphans.
INSERT INTO steward_remaps (run, child_table, child_column, row_key, loser_id, winner_id)
SELECT CAST(?3 AS INTEGER), ?4, ?5, row_key, missing_id, winner_id
FROM ({{orphans}})
WHERE winner_id IS NOT NULL AND {{free}}
