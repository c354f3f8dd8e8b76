-- What a day was like, for the charts: JSON of the invariants' violations, the rows by type, what runs took, and the lag
-- of events. `history_run` is the last run that was counted.
ALTER TABLE steward_days ADD COLUMN history TEXT;
ALTER TABLE steward_control ADD COLUMN history_run INTEGER NOT NULL DEFAULT 0;
UPDATE steward_control SET history_run = coalesce((SELECT max(id) FROM steward_runs), 0);
