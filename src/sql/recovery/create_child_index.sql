-- No rows: an index that finds the children of an artifact.
CREATE INDEX IF NOT EXISTS {{name}} ON {{child_table}} ({{child_column}})
