-- Guard: a new child may not point at an artifact that is not there.
CREATE TRIGGER IF NOT EXISTS {{name}}
BEFORE INSERT ON {{child_table}}
WHEN NEW.{{child_column}} IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM artifacts WHERE id = NEW.{{child_column}})
BEGIN
  SELECT RAISE(ABORT, 'steward: there is no artifact with that id');
END
