-- No rows: settles at :now the marks of the objects of :bucket that R2 has after all: :found lists their keys.
UPDATE steward_missing SET resolved_at = :now
WHERE r2_bucket = :bucket AND resolved_at IS NULL AND r2_key IN (SELECT value FROM json_each(:found))
