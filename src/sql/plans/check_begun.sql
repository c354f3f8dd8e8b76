-- No rows: fails the batch unless the statement before it changed a row: the plan may still be applied.
UPDATE steward_control SET as_planned = CASE WHEN changes() = 1 THEN 1 END
