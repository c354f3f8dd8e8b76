-- No rows: the table `datapoints` of a fresh database, with the foreign key that its migration could not declare.
-- UNIQUE (artifact_id, id) is the index that finds the datapoints of an artifact.
CREATE TABLE datapoints (
  id INTEGER PRIMARY KEY,
  artifact_id INTEGER REFERENCES artifacts (id),
  UNIQUE (artifact_id, id)
)
