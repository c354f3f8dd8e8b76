-- One row: pause, lease, last check and inventory.
SELECT paused_by, pause_reason, paused_at, lease_run, lease_until, full_checked_at, full_check IS NOT NULL AS full_check_under_way,
  last_check, inventory, lifted_until, lifted_reason,
  (SELECT count(*) FROM steward_alerts WHERE sent_at IS NULL) AS alerts_waiting
FROM steward_control
