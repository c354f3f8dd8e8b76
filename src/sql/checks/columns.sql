-- One row: the names of the columns of {{query}}, each NULL.
SELECT broken.* FROM (SELECT 1) LEFT JOIN (SELECT * FROM ({{query}}) LIMIT 0) AS broken ON 1
