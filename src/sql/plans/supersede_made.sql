-- No rows: ends at :now the plans of :kind and :target that were made before plan :plan and that nobody approved or began.
UPDATE steward_plans SET ended_at = :now, ended_as = 'superseded', superseded_by = :plan
WHERE kind = :kind AND target = :target AND id < :plan AND approved_at IS NULL AND begun_at IS NULL AND ended_at IS NULL
