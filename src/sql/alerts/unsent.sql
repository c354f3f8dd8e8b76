-- Up to 20 alerts that were not sent yet, oldest first.
SELECT id, created_at, kind, body, attempts FROM steward_alerts WHERE sent_at IS NULL ORDER BY id LIMIT 20
