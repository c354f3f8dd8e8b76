-- A row where an index over every row of table ?1 begins with column ?2.
SELECT il.name
FROM pragma_index_list(?1) AS il
WHERE il.partial = 0 AND (SELECT name FROM pragma_index_info(il.name) WHERE seqno = 0) = ?2
