-- One row: how many objects have both rows that are marked as deleted, by {{deleted}}, and rows that are not.
SELECT count(*) AS objects
FROM (
  SELECT 1 FROM artifacts
  WHERE {{plain}}
  GROUP BY r2_bucket COLLATE BINARY, r2_key COLLATE BINARY
  HAVING count(*) > 1 AND min({{deleted}}) <> max({{deleted}})
)
