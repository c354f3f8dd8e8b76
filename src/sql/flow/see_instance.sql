-- No rows: keeps that the instance :number of bucket :bucket and the pass begun :pass_started_at was at work :now.
UPDATE steward_flows SET seen_at = :now
WHERE bucket = :bucket AND pass_started_at = :pass_started_at AND number = :number
