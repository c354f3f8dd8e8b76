-- What the verdicts in :verdicts change: a row per finding opened, reopened, worse or resolved. Run before the three
-- writes.
SELECT
  verdict.value ->> '$.name' AS invariant,
  verdict.value ->> '$.severity' AS severity,
  verdict.value ->> '$.violations' AS violations,
  CASE
    WHEN verdict.value ->> '$.outcome' = 'holds' THEN 'resolved'
    WHEN open.id IS NOT NULL THEN 'worse'
    WHEN EXISTS (
      SELECT 1 FROM steward_findings AS past WHERE past.invariant = verdict.value ->> '$.name'
    ) THEN 'reopened'
    ELSE 'opened'
  END AS change
FROM json_each(:verdicts) AS verdict
LEFT JOIN steward_findings AS open
  ON open.invariant = verdict.value ->> '$.name' AND open.resolved_at IS NULL
WHERE CASE
  WHEN open.last_seen_at > verdict.value ->> '$.began' THEN 0
  WHEN verdict.value ->> '$.outcome' = 'holds' THEN open.id IS NOT NULL
  WHEN verdict.value ->> '$.outcome' <> 'violated' THEN 0
  WHEN open.id IS NOT NULL THEN verdict.value ->> '$.violations' > open.peak
  ELSE NOT EXISTS ({{overtaken}})
END
