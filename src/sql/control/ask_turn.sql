-- No rows: keeps that :who waits for the lease, since :now unless it waited before, until :until.
INSERT INTO steward_waiting (who, since, until) VALUES (:who, :now, :until)
ON CONFLICT (who) DO UPDATE
SET since = CASE WHEN steward_waiting.until > :now THEN steward_waiting.since ELSE excluded.since END,
  until = excluded.until
