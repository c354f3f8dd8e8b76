-- Who asked for a run, as they said, and whose token they came with.
ALTER TABLE steward_runs ADD COLUMN actor TEXT;
ALTER TABLE steward_runs ADD COLUMN token_name TEXT;
