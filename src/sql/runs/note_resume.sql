-- No rows: records at :now, as a run that succeeded, that the pause that there is ends, asked for by :actor with the
-- token of :token_name; nothing where there is none. Run before it ends.
INSERT INTO steward_runs (
  kind, mode, trigger, actor, token_name, status, started_at, expires_at, finished_at, request, counts
)
SELECT
  'resume', 'live', 'http', :actor, :token_name, 'succeeded', :now, :now, :now, '{}',
  json_object('paused_by', paused_by, 'pause_reason', pause_reason, 'paused_at', paused_at)
FROM steward_control
WHERE paused_by IS NOT NULL
