-- One row where run :run is still running: keeps it alive until :until.
UPDATE steward_runs SET expires_at = :until WHERE id = :run AND status = 'running' RETURNING id
