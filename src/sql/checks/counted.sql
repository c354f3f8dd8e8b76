-- One of the rows that break an invariant, with the exact number of them all; no row where it holds.
SELECT *, count(*) OVER () AS steward_violations FROM ({{query}}) LIMIT 1
