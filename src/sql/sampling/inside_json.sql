-- A row per column of {{cells}} that holds JSON, by its place there, over :end_rows rows at each end of {{table}}: how
-- many different values are inside, how many of them are ids of artifacts, and of those how many are so by no chance
-- (`certain`), by little (`likely`), stand under a name that says :stem (`named`), or in a plain list (`listed`).
SELECT
  place,
  count(*) AS sampled,
  count(*) FILTER (WHERE is_id) AS ids,
  count(*) FILTER (WHERE is_id AND is_word AND length(atom) >= 16) AS certain,
  count(*) FILTER (WHERE is_id AND CASE WHEN is_word THEN length(atom) >= 8 ELSE CAST(atom AS INTEGER) >= 1000000 END) AS likely,
  count(*) FILTER (WHERE is_id AND instr(lower(name), :stem) > 0) AS named,
  count(*) FILTER (WHERE is_id AND plain) AS listed
FROM (
  SELECT
    place,
    atom,
    name,
    plain,
    typeof(atom) = 'text' AND atom GLOB '*[^0-9]*' AS is_word,
    EXISTS (SELECT 1 FROM artifacts WHERE artifacts.id = atom) AS is_id
  FROM (
    SELECT DISTINCT cells."key" AS place, inside.atom, inside.fullkey GLOB '$[[]*' AS plain, inside.fullkey AS name
    FROM (
      SELECT * FROM (SELECT json_array({{cells}}) AS listed, {{own}} AS own FROM {{table}} ORDER BY {{keys}} LIMIT :end_rows)
      UNION ALL
      SELECT * FROM (SELECT json_array({{cells}}) AS listed, {{own}} AS own FROM {{table}} ORDER BY {{backwards}} LIMIT :end_rows)
    ) AS sampled, json_each(sampled.listed) AS cells, json_tree(
      CASE
        WHEN cells.type = 'text' AND substr(ltrim(cells.value), 1, 1) IN ('[', '{')
          AND json_valid(cells.value) THEN cells.value
        ELSE 'null'
      END
    ) AS inside
    WHERE inside.type IN ('integer', 'text') AND length(inside.atom) <= 200 AND inside.atom IS NOT sampled.own
  )
)
GROUP BY place
