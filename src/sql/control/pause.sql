-- No rows: pauses scheduled backfill for :by with reason :reason since :now. Who paused first stays, but an operator
-- takes the pause of a recovery or an undo over: those may end it, an operator's only a person.
UPDATE steward_control SET paused_by = :by, pause_reason = :reason, paused_at = :now
WHERE paused_by IS NULL OR (:by = 'operator' AND paused_by <> 'operator')
