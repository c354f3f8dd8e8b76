-- Up to 20 of the rows that break an invariant, their values shortened as far as a person needs them.
-- `OFFSET 0` keeps SQLite from evaluating the query's expressions once for each place that uses them.
SELECT {{columns}} FROM (SELECT * FROM ({{query}}) LIMIT 20 OFFSET 0)
