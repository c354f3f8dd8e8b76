-- The first row of :bucket after the key listed before an object, up to the object's own: its key and its fetched_at as
-- JSON. A fragment of `decisions`: one look into the index finds the object's row, and rows that no object is listed for.
(
  SELECT json_array(r2_key, CASE typeof(fetched_at) WHEN 'blob' THEN NULL ELSE fetched_at END)
  FROM artifacts
  WHERE r2_bucket COLLATE BINARY = :bucket AND r2_key COLLATE BINARY > page.before AND r2_key COLLATE BINARY <= page.r2_key
  ORDER BY r2_key COLLATE BINARY
  LIMIT 1
)
