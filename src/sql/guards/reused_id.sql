-- Guard: the journal is told when a new artifact takes the id of a deleted loser: what misses that id is not its child.
-- Unary plus takes the column's affinity away, which the journal's untyped index needs. Nothing is written elsewhere.
CREATE TRIGGER IF NOT EXISTS steward_guard_reused_id
AFTER INSERT ON artifacts
BEGIN
  UPDATE steward_merges SET reused = 1 WHERE loser_id = +NEW.id AND undone_by IS NULL;
END
