-- Nothing here: the index of the unknown rows is on a table that a migration has not looked at. POST /guards, a live
-- recovery and, on a fresh database, the first tick create it through the binding. The name stays, since databases
-- have it recorded as applied.
SELECT 1;
