-- No rows: keeps that instance :number is at the pass of bucket :bucket that began :pass_started_at, since :now; a later
-- one of the same pass stays.
INSERT INTO steward_flows (bucket, pass_started_at, number, seen_at)
VALUES (:bucket, :pass_started_at, :number, :now)
ON CONFLICT (bucket) DO UPDATE
SET pass_started_at = excluded.pass_started_at, number = excluded.number, seen_at = excluded.seen_at
WHERE steward_flows.pass_started_at <> excluded.pass_started_at OR steward_flows.number < excluded.number
