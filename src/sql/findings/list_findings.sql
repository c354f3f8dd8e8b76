-- Findings, newest first: open (:is_open = 1), resolved (:is_open = 0) or both (NULL), of invariant :invariant unless
-- NULL, older than finding :before unless NULL, :most at most.
SELECT {{columns}}
FROM steward_findings
WHERE (:is_open IS NULL OR (resolved_at IS NULL) = :is_open) AND (:invariant IS NULL OR invariant = :invariant)
  AND (:before IS NULL OR id < :before)
ORDER BY id DESC
LIMIT :most
