-- Guard: an override is used up by the change it allowed, and says when.
CREATE TRIGGER IF NOT EXISTS steward_guard_used_override
AFTER UPDATE OF source_type ON artifacts
WHEN OLD.source_type COLLATE BINARY <> 'unknown' AND NEW.source_type COLLATE BINARY IS NOT OLD.source_type
BEGIN
  UPDATE steward_overrides SET used_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
  WHERE artifact_id = OLD.id
    AND from_type COLLATE BINARY = OLD.source_type
    AND to_type COLLATE BINARY = NEW.source_type
    AND used_at IS NULL;
END
