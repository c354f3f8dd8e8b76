-- One row: unknown rows, and how many of them a rule matches, once the groups are merged. ?3 rules JSON.
SELECT count(*) AS unknown, count({{source_type}}) AS classified
FROM (
  SELECT r2_key FROM artifacts
  WHERE source_type = 'unknown'
    AND id NOT IN (SELECT id FROM ({{ranked}}) WHERE source_type = 'unknown' AND (place > 1 OR known > 0))
  LIMIT -1 OFFSET 0
)
