-- Since when an object is refused, beside the last time.
ALTER TABLE steward_refused ADD COLUMN first_refused_at TEXT;
UPDATE steward_refused SET first_refused_at = refused_at;
