-- One row: the child rows that point at a row that would be deleted.
SELECT count(*) AS children
FROM {{child_table}} AS child
JOIN artifacts ON artifacts.id = child.{{child_column}}
WHERE artifacts.id IN (SELECT id FROM ({{ranked}}) WHERE place > 1)
