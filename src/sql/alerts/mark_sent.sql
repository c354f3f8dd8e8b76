-- No rows: alert ?1 was taken by its receiver at ?2 after ?3 more attempts.
UPDATE steward_alerts SET sent_at = ?2, attempts = attempts + ?3, last_error = NULL WHERE id = ?1
