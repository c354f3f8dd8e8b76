-- Up to 20 alerts that were not sent yet, oldest first, each with the exact number of them all.
SELECT id, created_at, kind, body, attempts, count(*) OVER () AS waiting FROM steward_alerts
WHERE sent_at IS NULL
ORDER BY id
LIMIT 20
