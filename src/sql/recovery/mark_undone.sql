-- No rows: marks as undone by run :undo what of chunk :chunk can be; {{can_return}} is `recovery/can_return`, or
-- `recovery/can_come_back` where the chunk is of a forgetting.
UPDATE steward_merges SET undone_by = :undo
WHERE chunk = :chunk AND {{can_return}}
