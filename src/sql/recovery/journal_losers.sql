-- No rows: journals up to ?4 losers of the groups in ?1, the worst first, whole, for run ?2 and chunk ?3.
INSERT INTO steward_merges (run, chunk, loser_id, winner_id, loser)
SELECT CAST(?2 AS INTEGER), CAST(?3 AS INTEGER), artifacts.id, ranked.winner_id, {{whole_row}}
FROM ({{ranked}}) AS ranked
JOIN artifacts ON artifacts.id = ranked.id
WHERE ranked.place > 1
ORDER BY ranked.place DESC
LIMIT ?4
