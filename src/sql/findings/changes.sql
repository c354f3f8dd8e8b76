-- What the verdicts in :verdicts change at :now: a row per finding opened, reopened, worse, still open at the end of a
-- snooze, or resolved, and whether alerts of it are quiet. Run before the three writes.
SELECT
  verdict.value ->> '$.name' AS invariant,
  verdict.value ->> '$.severity' AS severity,
  verdict.value ->> '$.violations' AS violations,
  CASE
    WHEN verdict.value ->> '$.outcome' = 'holds' THEN 'resolved'
    WHEN open.id IS NOT NULL AND verdict.value ->> '$.violations' > open.peak THEN 'worse'
    WHEN open.id IS NOT NULL THEN 'still_open'
    WHEN EXISTS (
      SELECT 1 FROM steward_findings AS past WHERE past.invariant = verdict.value ->> '$.name'
    ) THEN 'reopened'
    ELSE 'opened'
  END AS change,
  CASE
    WHEN verdict.value ->> '$.outcome' = 'holds' THEN 0
    WHEN open.id IS NULL THEN EXISTS ({{still_snoozed}})
    ELSE open.quiet IS NOT NULL
      AND coalesce(open.quiet_until > :now, 1)
      AND verdict.value ->> '$.violations' <= 2 * open.quiet_violations
  END AS quiet
FROM json_each(:verdicts) AS verdict
LEFT JOIN steward_findings AS open
  ON open.invariant = verdict.value ->> '$.name' AND open.resolved_at IS NULL
WHERE CASE
  WHEN open.last_seen_at > verdict.value ->> '$.began' THEN 0
  WHEN verdict.value ->> '$.outcome' = 'holds' THEN open.id IS NOT NULL
  WHEN verdict.value ->> '$.outcome' <> 'violated' THEN 0
  WHEN open.id IS NOT NULL THEN verdict.value ->> '$.violations' > open.peak OR coalesce(open.quiet_until <= :now, 0)
  ELSE NOT EXISTS ({{overtaken}})
END
