-- No rows: resolves at ?2 the open findings of the verdicts in ?1 that hold.
UPDATE steward_findings SET resolved_at = ?2
WHERE resolved_at IS NULL
  AND invariant IN (SELECT value ->> '$.name' FROM json_each(?1) WHERE value ->> '$.outcome' = 'holds')
