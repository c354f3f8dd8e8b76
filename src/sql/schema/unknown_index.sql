-- A row where the partial index over unknown artifacts is there.
SELECT name FROM pragma_index_list('artifacts') WHERE name = 'artifacts_unknown' AND partial = 1
