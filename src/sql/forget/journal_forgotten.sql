-- No rows: journals whole, for run :run and chunk :chunk, the artifacts of {{gone}} that nothing holds, of the objects of
-- :bucket whose keys :keys lists. A forgotten row has no winner: it stands there as its own.
INSERT INTO steward_merges (run, chunk, loser_id, winner_id, loser)
SELECT CAST(:run AS INTEGER), CAST(:chunk AS INTEGER), artifacts.id, artifacts.id, {{whole_row}}
FROM ({{gone}}) AS gone
CROSS JOIN artifacts ON artifacts.id = gone.id
WHERE gone.held_by IS NULL
  AND gone.r2_bucket = :bucket
  AND gone.r2_key IN (SELECT value FROM json_each(:keys))
