-- Up to 20 of the rows that break an invariant, each with the exact number of them all.
SELECT *, count(*) OVER () AS steward_violations FROM ({{query}}) LIMIT 20
