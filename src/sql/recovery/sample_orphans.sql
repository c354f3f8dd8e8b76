-- Up to 20 of the child rows whose artifact is missing.
SELECT ?1 AS child, row_key, missing_id, winner_id FROM ({{orphans}}) LIMIT 20
