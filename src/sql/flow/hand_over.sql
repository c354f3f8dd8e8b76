-- No rows: keeps that the successor of instance :number walks the pass of bucket :bucket that began :pass_started_at,
-- since :now, unless another does already.
UPDATE steward_flows SET number = number + 1, seen_at = :now
WHERE bucket = :bucket AND pass_started_at = :pass_started_at AND number = :number
