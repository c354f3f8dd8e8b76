-- The last key of the next :range_rows rows after a position, as bounds; or no row where fewer are left. Rows whose key
-- is NULL or cannot be a bound do not count.
SELECT {{bounds}} FROM {{rows}} WHERE {{fit}} ORDER BY {{keys}} LIMIT 1 OFFSET :range_rows - 1
