-- One row: the child rows whose artifact is missing, and those whose missing id the journal knows a winner for.
SELECT count(*) AS orphans, count(winner_id) AS known
FROM ({{orphans}})
