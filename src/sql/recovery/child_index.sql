-- A row where an index over every row of table :table_name begins with column :column_name.
SELECT il.name
FROM pragma_index_list(CASE :table_name WHEN 'artifacts' THEN lower('artifacts') ELSE :table_name END) AS il
WHERE il.partial = 0 AND (SELECT name FROM pragma_index_info(il.name) WHERE seqno = 0) = :column_name
