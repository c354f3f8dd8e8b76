-- Up to 100 of those {{chosen}} of the rows that run :run forgot and that could not return, and why.
SELECT
  loser_id,
  winner_id,
  {{r2_bucket}} AS r2_bucket,
  {{r2_key}} AS r2_key,
  CASE
    WHEN EXISTS (SELECT 1 FROM artifacts WHERE artifacts.id = +steward_merges.loser_id) THEN 'the id is in use again'
    WHEN reused THEN 'the id was another row''s meanwhile'
    ELSE 'the object has a row again'
  END AS why
FROM steward_merges
WHERE run = :run AND undone_by IS NULL AND {{chosen}}
LIMIT 100
