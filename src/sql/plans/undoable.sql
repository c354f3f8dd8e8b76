-- The merges or forgotten rows that can be undone, as `recovery/mark_undone` marks them by {{can_return}}. A fragment.
SELECT chunk, loser_id, winner_id, {{r2_bucket}} AS r2_bucket, {{r2_key}} AS r2_key
FROM steward_merges
WHERE {{can_return}}
