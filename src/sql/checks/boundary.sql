-- The last key of the next ?1 rows after a position, or no row where fewer are left.
SELECT {{keys}} FROM {{rows}} ORDER BY {{keys}} LIMIT 1 OFFSET ?1 - 1
