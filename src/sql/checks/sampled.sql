-- Up to 20 of the rows that break an invariant, their values shortened as far as a person needs them.
SELECT {{columns}} FROM ({{query}}) LIMIT 20
