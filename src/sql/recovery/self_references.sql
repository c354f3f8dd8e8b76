-- A row per object whose winner refers to a row that would be merged into it: it would refer to itself.
SELECT DISTINCT ranked.r2_bucket COLLATE BINARY AS r2_bucket, ranked.r2_key COLLATE BINARY AS r2_key
FROM ({{ranked}}) AS ranked
JOIN artifacts AS winner ON winner.id = ranked.winner_id
WHERE ranked.place > 1 AND winner.{{child_column}} = ranked.id
ORDER BY 1, 2
