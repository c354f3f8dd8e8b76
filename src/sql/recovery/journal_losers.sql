-- No rows: journals up to :most losers of the {{ranked}} rows, the worst first, whole, for run :run and chunk :chunk.
INSERT INTO steward_merges (run, chunk, loser_id, winner_id, loser)
SELECT CAST(:run AS INTEGER), CAST(:chunk AS INTEGER), artifacts.id, ranked.winner_id, {{whole_row}}
FROM ({{ranked}}) AS ranked
JOIN artifacts ON artifacts.id = ranked.id
WHERE ranked.place > 1
ORDER BY ranked.place DESC
LIMIT :most
