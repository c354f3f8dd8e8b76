-- No rows: keeps that instance :number is at the pass of bucket :bucket that began :pass_started_at, since :now; a later
-- one of the same pass stays.
UPDATE steward_control SET flows = (
  SELECT json_group_object(bucket, json(flow)) FROM (
    SELECT key AS bucket, value AS flow FROM json_each(flows) WHERE key <> :bucket
    UNION ALL
    SELECT :bucket, json_object('pass_started_at', :pass_started_at, 'number', :number, 'seen_at', :now)
  )
)
WHERE NOT EXISTS (
  SELECT 1 FROM json_each(flows)
  WHERE key = :bucket AND value ->> '$.pass_started_at' = :pass_started_at AND value ->> '$.number' >= :number
)
