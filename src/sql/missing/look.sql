-- No rows: notes that the pass which began at :seen_in lists no object for the artifacts of :bucket after key :low up
-- to :high (NULL is open), the first :rows of them, that are not among the {{objects}} of a page, their keys.
INSERT INTO steward_missing (r2_bucket, r2_key, artifact_id, seen_in)
SELECT :bucket, r2_key, id, :seen_in
FROM ({{rows_beside}})
WHERE id IS NOT NULL AND r2_key NOT IN ({{objects}})
ON CONFLICT (r2_bucket, r2_key, artifact_id) DO UPDATE SET
  seen_in = excluded.seen_in,
  first_pass = CASE WHEN resolved_at IS NULL THEN first_pass END,
  last_pass = CASE WHEN resolved_at IS NULL THEN last_pass END,
  verified_at = CASE WHEN resolved_at IS NULL THEN verified_at END,
  resolved_at = NULL
