-- Where the next call of a recovery or an undo continues, apart from what answers show.
ALTER TABLE steward_runs ADD COLUMN checkpoint TEXT;
