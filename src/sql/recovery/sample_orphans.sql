-- Up to 20 of the child rows whose artifact is missing; :child names their reference.
SELECT :child AS child, row_key, missing_id, winner_id FROM ({{orphans}}) LIMIT 20
