-- No rows: notes at :now that R2 has none of the objects of :bucket that :gone lists as [key, id].
UPDATE steward_missing SET verified_at = :now
WHERE r2_bucket = :bucket
  AND resolved_at IS NULL
  AND (r2_key, artifact_id) IN (SELECT value ->> '$[0]', value ->> '$[1]' FROM json_each(:gone))
