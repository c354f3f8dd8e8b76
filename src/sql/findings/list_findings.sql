-- Findings, newest first: open (:is_open = 1), resolved (:is_open = 0) or both (NULL), of invariant :invariant unless
-- NULL, :most at most.
SELECT id, invariant, severity, opened_at, last_seen_at, resolved_at, violations, peak, sample
FROM steward_findings
WHERE (:is_open IS NULL OR (resolved_at IS NULL) = :is_open) AND (:invariant IS NULL OR invariant = :invariant)
ORDER BY id DESC
LIMIT :most
