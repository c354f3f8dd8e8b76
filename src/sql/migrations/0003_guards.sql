-- The guards, for the reference that a fresh database has; recovery installs the same text for any other.

CREATE TRIGGER IF NOT EXISTS steward_guard_known_type
BEFORE UPDATE OF source_type ON artifacts
WHEN OLD.source_type <> 'unknown'
  AND NEW.source_type IS NOT OLD.source_type
  AND NOT EXISTS (
    SELECT 1 FROM steward_overrides
    WHERE artifact_id = OLD.id
      AND from_type = OLD.source_type
      AND to_type = NEW.source_type
      AND used_at IS NULL
  )
BEGIN
  SELECT RAISE(ABORT, 'steward: a known source_type is final; a row in steward_overrides corrects it');
END;

CREATE TRIGGER IF NOT EXISTS steward_guard_used_override
AFTER UPDATE OF source_type ON artifacts
WHEN OLD.source_type <> 'unknown' AND NEW.source_type IS NOT OLD.source_type
BEGIN
  UPDATE steward_overrides SET used_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
  WHERE artifact_id = OLD.id
    AND from_type = OLD.source_type
    AND to_type = NEW.source_type
    AND used_at IS NULL;
END;

CREATE TRIGGER IF NOT EXISTS steward_guard_reused_id
AFTER INSERT ON artifacts
BEGIN
  UPDATE steward_merges SET reused = 1 WHERE loser_id = +NEW.id AND undone_by IS NULL;
END;

CREATE TRIGGER IF NOT EXISTS "steward_guard_delete_datapoints_artifact_id"
BEFORE DELETE ON artifacts
WHEN EXISTS (SELECT 1 FROM "datapoints" WHERE "artifact_id" = OLD.id)
BEGIN
  SELECT RAISE(ABORT, 'steward: this artifact is still referenced; point its children elsewhere first');
END;

CREATE TRIGGER IF NOT EXISTS "steward_guard_rekey_datapoints_artifact_id"
BEFORE UPDATE OF id ON artifacts
WHEN NEW.id IS NOT OLD.id AND EXISTS (SELECT 1 FROM "datapoints" WHERE "artifact_id" = OLD.id)
BEGIN
  SELECT RAISE(ABORT, 'steward: this artifact is still referenced; its id may not change');
END;

CREATE TRIGGER IF NOT EXISTS "steward_guard_insert_datapoints_artifact_id"
BEFORE INSERT ON "datapoints"
WHEN NEW."artifact_id" IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM artifacts WHERE id = NEW."artifact_id")
BEGIN
  SELECT RAISE(ABORT, 'steward: there is no artifact with that id');
END;

CREATE TRIGGER IF NOT EXISTS "steward_guard_update_datapoints_artifact_id"
BEFORE UPDATE OF "artifact_id" ON "datapoints"
WHEN NEW."artifact_id" IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM artifacts WHERE id = NEW."artifact_id")
BEGIN
  SELECT RAISE(ABORT, 'steward: there is no artifact with that id');
END;
