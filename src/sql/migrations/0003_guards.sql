-- Nothing here: a trigger that names a column which is not there breaks every write to its table, and a migration cannot
-- look first. POST /guards, a live recovery and, on a fresh database, the first tick install the guards through the
-- binding. The name stays, since databases have it recorded as applied.
SELECT 1;
