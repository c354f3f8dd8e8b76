-- No rows: alert ?1 was not taken in ?3 more attempts because of ?2; it is tried again at ?4, or, where ?5, no more.
UPDATE steward_alerts SET last_error = ?2, attempts = attempts + ?3, next_attempt_at = ?4, parked_at = ?5 WHERE id = ?1
