-- One row: the child rows whose artifact is missing, and those that can be pointed at the winner the journal knows.
SELECT count(*) AS orphans, count(CASE WHEN winner_id IS NOT NULL AND {{free}} THEN 1 END) AS known
FROM ({{orphans}})
