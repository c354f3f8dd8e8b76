-- One row: how many rows break an invariant, and the names of the query's columns, each NULL. Counted apart from the
-- columns, for a count beside them would keep every row in memory, however long its values are.
SELECT (SELECT count(*) FROM ({{query}})) AS steward_violations, broken.*
FROM (SELECT 1)
LEFT JOIN (SELECT * FROM ({{query}}) LIMIT 0) AS broken ON 1
