-- No rows: adds an alert of kind ?2 with body ?3 at ?1.
INSERT INTO steward_alerts (created_at, kind, body) VALUES (?1, ?2, ?3)
