-- No rows: resolves at :now the open findings that a verdict in :verdicts saw hold after they were last seen.
UPDATE steward_findings SET resolved_at = :now
WHERE resolved_at IS NULL
  AND EXISTS (
    SELECT 1 FROM json_each(:verdicts)
    WHERE value ->> '$.name' = invariant
      AND value ->> '$.outcome' = 'holds'
      AND coalesce(value ->> '$.began', last_seen_at) >= last_seen_at
  )
