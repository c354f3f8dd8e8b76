-- holds: every artifact's object is there: none is known to be gone (two certified passes, and R2 was asked)
-- severity: warn
-- row: an artifact whose object is gone, since when that is known, and how many rows cite it
-- do: put the object back, or forget the row if nobody cites it (docs/runbook.md, "Objects that are gone")
-- needs: artifacts.id, artifacts.r2_bucket, artifacts.r2_key
-- evidence: certificate
-- keys: r2_bucket, r2_key, id
SELECT artifacts.id, missing.r2_bucket, missing.r2_key, missing.verified_at, {{cited}} AS cited
FROM steward_missing AS missing
CROSS JOIN artifacts
  ON artifacts.id = missing.artifact_id
  AND artifacts.r2_bucket COLLATE BINARY = missing.r2_bucket
  AND artifacts.r2_key COLLATE BINARY = missing.r2_key
WHERE missing.verified_at IS NOT NULL AND missing.resolved_at IS NULL
