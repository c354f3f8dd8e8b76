-- No rows: keeps at :now the messages of queue :queue that :letters lists as [reason, body].
INSERT INTO steward_letters (kept_at, queue, reason, body)
SELECT :now, :queue, value ->> '$[0]', value ->> '$[1]' FROM json_each(:letters)
