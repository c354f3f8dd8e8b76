-- No rows: alert ?1 was not taken in ?3 more attempts because of ?2.
UPDATE steward_alerts SET last_error = ?2, attempts = attempts + ?3 WHERE id = ?1
