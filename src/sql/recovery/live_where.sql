-- No rows: takes the condition that says which rows count, so that a mistake in it is found before anything is changed.
SELECT 1 FROM artifacts WHERE ({{live}}
) IS TRUE LIMIT 0
