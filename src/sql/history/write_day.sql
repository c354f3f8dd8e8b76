-- No rows: keeps the history of :day (:history, JSON).
INSERT INTO steward_days (day, rows_read, rows_written, history) VALUES (:day, 0, 0, :history)
ON CONFLICT (day) DO UPDATE SET history = excluded.history
