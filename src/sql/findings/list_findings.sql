-- Findings, newest first: open (?1 = 1), resolved (?1 = 0) or both (NULL), of invariant ?2 unless NULL, ?3 at most.
SELECT id, invariant, severity, opened_at, last_seen_at, resolved_at, violations, peak, sample
FROM steward_findings
WHERE (?1 IS NULL OR (resolved_at IS NULL) = ?1) AND (?2 IS NULL OR invariant = ?2)
ORDER BY id DESC
LIMIT ?3
