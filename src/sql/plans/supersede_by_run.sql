-- No rows: ends at :now the approved plans that nobody began, of :target and of the kind of run :run, which changed it by no plan.
UPDATE steward_plans SET ended_at = :now, ended_as = 'superseded'
WHERE kind = (SELECT kind FROM steward_runs WHERE id = :run) AND target = :target
  AND approved_at IS NOT NULL AND begun_at IS NULL AND ended_at IS NULL
