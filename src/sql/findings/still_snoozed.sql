-- The latest finding of what `verdict` broke, where it is snoozed beyond :now and the violations have not doubled since. A
-- fragment.
SELECT past.id FROM steward_findings AS past
WHERE past.id = (SELECT max(id) FROM steward_findings WHERE invariant = verdict.value ->> '$.name')
  AND past.quiet_until > :now
  AND verdict.value ->> '$.violations' <= 2 * past.quiet_violations
