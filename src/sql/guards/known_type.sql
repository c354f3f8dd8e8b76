-- Guard: a known source_type is final; the change that a row of steward_overrides allows is let through once.
CREATE TRIGGER IF NOT EXISTS steward_guard_known_type
BEFORE UPDATE OF source_type ON artifacts
WHEN OLD.source_type COLLATE BINARY <> 'unknown'
  AND NEW.source_type COLLATE BINARY IS NOT OLD.source_type
  AND NOT EXISTS (
    SELECT 1 FROM steward_overrides
    WHERE artifact_id = OLD.id
      AND from_type COLLATE BINARY = OLD.source_type
      AND to_type COLLATE BINARY = NEW.source_type
      AND used_at IS NULL
  )
BEGIN
  SELECT RAISE(ABORT, 'steward: a known source_type is final; a row in steward_overrides corrects it');
END
