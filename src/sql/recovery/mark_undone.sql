-- No rows: marks as undone by run :undo those merges of chunk :chunk that can be; {{can_return}} is `recovery/can_return`.
UPDATE steward_merges SET undone_by = :undo
WHERE chunk = :chunk AND {{can_return}}
