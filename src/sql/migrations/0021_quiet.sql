-- What people did about a finding: whether its alerts are quiet (`acknowledged` or `snoozed`), until when a snooze lasts,
-- how many violations there were then, and the history as a JSON array.
ALTER TABLE steward_findings ADD COLUMN quiet TEXT;
ALTER TABLE steward_findings ADD COLUMN quiet_until TEXT;
ALTER TABLE steward_findings ADD COLUMN quiet_violations INTEGER;
ALTER TABLE steward_findings ADD COLUMN history TEXT;
