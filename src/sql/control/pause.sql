-- No rows: pauses scheduled backfill for :by with reason :reason since :now. Who paused first stays, but a person
-- takes the pause of a recovery or an undo over: those may end it, a person's only a person.
UPDATE steward_control SET paused_by = :by, pause_reason = :reason, paused_at = :now
WHERE paused_by IS NULL OR (:by NOT IN ('recovery', 'undo') AND paused_by IN ('recovery', 'undo'))
