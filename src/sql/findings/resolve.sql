-- No rows: resolves at ?2 the open findings that a verdict in ?1 saw hold after they were last seen.
UPDATE steward_findings SET resolved_at = ?2
WHERE resolved_at IS NULL
  AND EXISTS (
    SELECT 1 FROM json_each(?1)
    WHERE value ->> '$.name' = invariant
      AND value ->> '$.outcome' = 'holds'
      AND coalesce(value ->> '$.began', last_seen_at) >= last_seen_at
  )
