-- No rows: fails the batch unless the {{lines}} are just those in :expected, a JSON array of texts: what was planned is as it was.
WITH found AS ({{lines}})
UPDATE steward_control SET as_planned = CASE
  WHEN (
    SELECT count(*) || ' ' || count(CASE WHEN line IN (SELECT value FROM json_each(:expected)) THEN 1 END) FROM found
  ) = json_array_length(:expected) || ' ' || json_array_length(:expected)
  THEN 1
END
