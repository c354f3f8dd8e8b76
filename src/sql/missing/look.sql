-- No rows: notes of :bucket that the pass which began at :seen_in lists no object for those of the {{rows_beside}} that are
-- not among the {{objects}} of a page, which are their keys.
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
