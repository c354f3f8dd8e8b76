-- Guard: an artifact that a child references may not be deleted.
CREATE TRIGGER IF NOT EXISTS {{name}}
BEFORE DELETE ON artifacts
WHEN EXISTS (SELECT 1 FROM {{child_table}} WHERE {{child_column}} = OLD.id)
BEGIN
  SELECT RAISE(ABORT, 'steward: this artifact is still referenced; point its children elsewhere first');
END
