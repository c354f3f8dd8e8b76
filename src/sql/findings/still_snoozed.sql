-- A row where the latest finding of what `verdict` broke is snoozed beyond :now, and the violations have not doubled
-- since: until when, and how many there were. A fragment.
SELECT past.quiet_until, past.quiet_violations FROM steward_findings AS past
WHERE past.id = (SELECT max(id) FROM steward_findings WHERE invariant = verdict.value ->> '$.name')
  AND past.quiet_until > :now
  AND verdict.value ->> '$.violations' <= 2 * past.quiet_violations
