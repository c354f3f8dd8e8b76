-- No rows: ends at :now the approved plans of :kind and :target that nobody began, but for plan :plan, which takes their place.
UPDATE steward_plans SET ended_at = :now, ended_as = 'superseded', superseded_by = :plan
WHERE kind = :kind AND target = :target AND id <> :plan AND approved_at IS NOT NULL AND begun_at IS NULL AND ended_at IS NULL
