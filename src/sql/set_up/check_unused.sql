-- No rows: fails the batch, by the NOT NULL of a column of ours, unless datapoints is still the table :datapoints, empty,
-- and nobody has built on it.
UPDATE steward_control SET children_moved = CASE
  WHEN NOT EXISTS (SELECT 1 FROM datapoints)
    AND (SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'datapoints') = :datapoints
    AND NOT EXISTS (
      SELECT 1 FROM sqlite_schema
      WHERE type <> 'table' AND sql LIKE '%datapoints%' AND name NOT GLOB 'steward_guard_*'
    )
  THEN 1
END
