-- One row where run ?1 is still running: keeps it alive until ?2.
UPDATE steward_runs SET expires_at = ?2 WHERE id = ?1 AND status = 'running' RETURNING id
