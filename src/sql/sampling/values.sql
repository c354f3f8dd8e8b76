-- A row per column of {{cells}}, by its place there, over :end_rows rows at each end of {{table}}: how many different
-- values it has, how many of them are ids of artifacts, and how many of those are so by no chance (`certain`) or by
-- little (`likely`).
-- A long text is certain. A number from a million on is likely, unless ids begin low and lie close together there.
SELECT
  place,
  count(*) AS sampled,
  count(*) FILTER (WHERE is_id) AS ids,
  count(*) FILTER (WHERE is_id AND is_word AND length(cell) >= 16) AS certain,
  count(*) FILTER (
    WHERE is_id AND CASE
      WHEN is_word THEN length(cell) >= 8
      ELSE number >= 1000000 AND (
        (SELECT min(id) FROM artifacts) + 0 >= 1000000
        OR NOT EXISTS (SELECT 1 FROM artifacts WHERE artifacts.id IN (number - 1, number + 1))
      )
    END
  ) AS likely
FROM (
  SELECT
    place,
    cell,
    CAST(cell AS INTEGER) AS number,
    typeof(cell) = 'text' AND cell GLOB '*[^0-9]*' AS is_word,
    EXISTS (SELECT 1 FROM artifacts WHERE artifacts.id = cell) AS is_id
  FROM (
    SELECT DISTINCT cells."key" AS place, cells.value AS cell
    FROM (
      SELECT * FROM (SELECT json_array({{cells}}) AS listed, {{own}} AS own FROM {{table}} ORDER BY {{keys}} LIMIT :end_rows)
      UNION ALL
      SELECT * FROM (SELECT json_array({{cells}}) AS listed, {{own}} AS own FROM {{table}} ORDER BY {{backwards}} LIMIT :end_rows)
    ) AS sampled, json_each(sampled.listed) AS cells
    WHERE cells.type IN ('integer', 'text') AND cells.value IS NOT sampled.own
  )
)
GROUP BY place
