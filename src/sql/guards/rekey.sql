-- Guard: an artifact that a child references keeps its id.
CREATE TRIGGER IF NOT EXISTS {{name}}
BEFORE UPDATE OF id ON artifacts
WHEN NEW.id IS NOT OLD.id AND EXISTS (SELECT 1 FROM {{child_table}} WHERE {{child_column}} = OLD.id)
BEGIN
  SELECT RAISE(ABORT, 'steward: this artifact is still referenced; its id may not change');
END
