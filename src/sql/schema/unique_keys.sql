-- A row per unique index over every row of artifacts: its name, its origin (pk, u, c), and what it covers as a JSON
-- array of "column COLLATION"; null stands for an expression. Where one value stands for the bucket, an index on the key
-- covers both.
SELECT
  name,
  origin,
  CASE
    WHEN lower('r2_bucket') IS NULL AND covered = '["r2_key BINARY"]' THEN '["r2_bucket BINARY","r2_key BINARY"]'
    ELSE covered
  END AS covered
FROM (
  SELECT
    il.name,
    il.origin,
    (
      SELECT json_group_array(
        CASE lower(name)
          WHEN lower('id') THEN 'id'
          WHEN lower('r2_bucket') THEN 'r2_bucket'
          WHEN lower('r2_key') THEN 'r2_key'
          WHEN lower('source_type') THEN 'source_type'
          WHEN lower('fetched_at') THEN 'fetched_at'
          ELSE lower(name)
        END || ' ' || coll
      )
      FROM pragma_index_xinfo(il.name)
      WHERE key = 1
    ) AS covered
  FROM pragma_index_list('artifacts') AS il
  WHERE il."unique" = 1 AND il.partial = 0
)
