-- One row, the finding :finding where it is open: it is :quiet (NULL: not any more) until :until, and its history holds
-- :entry; of more than :most entries the oldest is left out.
UPDATE steward_findings
SET quiet = :quiet,
  quiet_until = :until,
  quiet_violations = CASE WHEN :quiet IS NOT NULL THEN violations END,
  history = json_insert(
    CASE
      WHEN json_array_length(history) >= :most THEN json_remove(history, '$[0]')
      ELSE coalesce(history, '[]')
    END,
    '$[#]',
    json_set(:entry, '$.violations', violations)
  )
WHERE id = :finding AND resolved_at IS NULL
RETURNING {{columns}}
