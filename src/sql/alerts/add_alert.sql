-- No rows: adds an alert of kind :kind with body :body at :now.
INSERT INTO steward_alerts (created_at, kind, body) VALUES (:now, :kind, :body)
