-- The last key of the next ?1 rows after a position, as bounds; or no row where fewer are left. Rows whose key is NULL or
-- cannot be a bound do not count.
SELECT {{bounds}} FROM {{rows}} WHERE {{fit}} ORDER BY {{keys}} LIMIT 1 OFFSET ?1 - 1
