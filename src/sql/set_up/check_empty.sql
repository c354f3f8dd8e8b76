-- No rows: fails the batch where datapoints holds a row, by the NOT NULL of a column of ours.
UPDATE steward_control SET children_moved = CASE WHEN NOT EXISTS (SELECT 1 FROM datapoints) THEN 1 END
