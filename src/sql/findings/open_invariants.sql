-- A row per invariant with an open finding.
SELECT invariant FROM steward_findings WHERE resolved_at IS NULL
