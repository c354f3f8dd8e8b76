-- One row: pause, lease, open findings by severity, the last tick, and when the last pass over a bucket ended.
SELECT
  paused_by,
  pause_reason,
  lease_run,
  (SELECT count(*) FROM steward_findings WHERE resolved_at IS NULL AND severity = 'error') AS open_errors,
  (SELECT count(*) FROM steward_findings WHERE resolved_at IS NULL AND severity <> 'error') AS open_warnings,
  (SELECT max(id) FROM steward_runs WHERE kind = 'tick') AS last_tick,
  (SELECT status FROM steward_runs WHERE kind = 'tick' ORDER BY id DESC LIMIT 1) AS last_tick_status,
  (SELECT started_at FROM steward_runs WHERE kind = 'tick' ORDER BY id DESC LIMIT 1) AS last_tick_at,
  (SELECT max(completed_at) FROM steward_passes WHERE r2_prefix = '') AS last_pass_ended_at
FROM steward_control
