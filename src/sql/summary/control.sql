-- One row: pause, lease, last check and inventory.
SELECT paused_by, pause_reason, paused_at, lease_run, lease_until, full_checked_at, full_check IS NOT NULL AS full_check_under_way,
  last_check, inventory, lifted_until, lifted_reason,
  (SELECT count(*) FROM steward_alerts WHERE sent_at IS NULL AND parked_at IS NULL) AS alerts_waiting,
  (SELECT count(*) FROM steward_alerts WHERE sent_at IS NULL AND parked_at IS NOT NULL) AS alerts_parked,
  (
    SELECT last_error FROM steward_alerts WHERE sent_at IS NULL AND last_error IS NOT NULL ORDER BY id DESC LIMIT 1
  ) AS alert_error
FROM steward_control
