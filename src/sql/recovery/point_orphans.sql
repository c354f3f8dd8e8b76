-- No rows: points the child rows whose missing id the journal knows at its winner.
UPDATE {{child_table}} SET {{child_column}} = lost.winner_id
FROM (SELECT row_key, winner_id FROM ({{orphans}}) WHERE winner_id IS NOT NULL) AS lost
WHERE {{child_table}}.{{row_key}} = lost.row_key
