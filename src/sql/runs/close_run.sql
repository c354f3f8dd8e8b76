-- No rows: ends run :run with status :status at :now, with its counts :counts, cost :cost and error :error. An ended
-- run stays as it is; one that succeeded has nothing to continue.
UPDATE steward_runs SET status = :status, finished_at = :now, counts = :counts, cost = :cost, error = :error,
  checkpoint = CASE WHEN :status <> 'succeeded' THEN checkpoint END
WHERE id = :run AND status = 'running'
