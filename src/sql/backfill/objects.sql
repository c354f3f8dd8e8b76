-- The objects :first up to before :end of a page (:page): key, upload time, whether it is a directory marker, and the
-- key listed before it, which is :after for the first of the page. A fragment of the page statements.
-- A page is an array of arrays of 32 objects: a place is found by passing over few others. The JSON is read once, as
-- the binary that `jsonb` makes of it.
SELECT
  r2_key,
  uploaded,
  size = 0 AND substr(r2_key, -1) = '/' AND instr(r2_key, char(0)) = 0 AS is_marker,
  before
FROM (
  SELECT object ->> '$.key' AS r2_key, object ->> '$.uploaded' AS uploaded, object ->> '$.size' AS size, before
  FROM (
    SELECT
      jsonb_extract((SELECT jsonb(:page)), '$[' || (place / 32) || '][' || (place % 32) || ']') AS object,
      CASE place
        WHEN 0 THEN :after
        ELSE jsonb_extract((SELECT jsonb(:page)), '$[' || ((place - 1) / 32) || '][' || ((place - 1) % 32) || ']') ->> '$.key'
      END AS before
    FROM (SELECT column1 AS place FROM ({{places}}))
    WHERE place >= :first AND place < :end
    LIMIT -1 OFFSET 0
  )
  LIMIT -1 OFFSET 0
)
LIMIT -1 OFFSET 0
