-- No rows: deletes the artifacts that run :run journalled in chunk :chunk, but for one that is {{cited}}.
DELETE FROM artifacts
WHERE id IN (SELECT loser_id FROM steward_merges WHERE run = :run AND chunk = :chunk) AND 1 NOT IN ({{cited}})
