-- No rows: marks the running runs whose lease ran out by :now as abandoned.
UPDATE steward_runs
SET status = 'abandoned', finished_at = :now, error = 'The run ended without a word: its Worker was stopped or killed.'
WHERE status = 'running' AND expires_at <= :now
