-- The objects :first up to before :end of a page (:page): key, upload time, and whether it is a directory marker. A
-- fragment of the page statements.
SELECT
  r2_key,
  uploaded,
  size = 0 AND substr(r2_key, -1) = '/' AND instr(r2_key, char(0)) = 0 AS is_marker
FROM (
  SELECT value ->> '$.key' AS r2_key, value ->> '$.uploaded' AS uploaded, value ->> '$.size' AS size
  FROM json_each(:page)
  WHERE json_each.key >= :first AND json_each.key < :end
  LIMIT -1 OFFSET 0
)
LIMIT -1 OFFSET 0
