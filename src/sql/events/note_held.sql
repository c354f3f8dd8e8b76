-- No rows: notes at :now that messages are put off, and :why.
UPDATE steward_control SET held_at = :now, held_why = :why
