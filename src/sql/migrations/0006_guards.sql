-- Since when the database is set up, and until when and why the guards are lifted.
ALTER TABLE steward_control ADD COLUMN set_up_at TEXT;
ALTER TABLE steward_control ADD COLUMN lifted_until TEXT;
ALTER TABLE steward_control ADD COLUMN lifted_reason TEXT;
