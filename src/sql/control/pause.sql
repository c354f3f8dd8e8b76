-- No rows: pauses scheduled backfill for ?1 with reason ?2 since ?3. Who paused first stays, but an operator takes the
-- pause of a recovery or an undo over: those may end it, an operator's only a person.
UPDATE steward_control SET paused_by = ?1, pause_reason = ?2, paused_at = ?3
WHERE paused_by IS NULL OR (?1 = 'operator' AND paused_by <> 'operator')
