-- What answers say of a finding; a resolved one is not quiet any more. A fragment.
id, invariant, severity, opened_at, last_seen_at, resolved_at, violations, peak, sample,
CASE WHEN resolved_at IS NULL THEN quiet END AS quiet,
CASE WHEN resolved_at IS NULL THEN quiet_until END AS quiet_until,
CASE WHEN resolved_at IS NULL THEN quiet_violations END AS quiet_violations,
history
