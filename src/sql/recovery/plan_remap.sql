-- One row: the child rows that point at a row that would be deleted.
SELECT count(*) AS children FROM {{child_table}}
WHERE {{child_column}} IN (SELECT id FROM ({{ranked}}) WHERE place > 1)
