-- When a refused alert is tried again, and since when one is not any more.
ALTER TABLE steward_alerts ADD COLUMN next_attempt_at TEXT;
ALTER TABLE steward_alerts ADD COLUMN parked_at TEXT;
