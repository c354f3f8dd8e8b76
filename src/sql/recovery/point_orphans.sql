-- No rows: points the child rows whose missing id the journal knows at its winner, where they can be.
UPDATE {{child_table}} AS child SET {{child_column}} = lost.winner_id
FROM (
  SELECT row_key, missing_id, winner_id FROM ({{orphans}}) WHERE winner_id IS NOT NULL AND {{free}}
) AS lost
WHERE {{row_key}} = lost.row_key AND child.{{child_column}} = lost.missing_id
