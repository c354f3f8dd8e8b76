-- No rows: keeps that the instance :number of bucket :bucket and the pass begun :pass_started_at was at work :now, and is
-- :becomes from now on; nothing where another walks the pass.
UPDATE steward_control SET flows = (
  SELECT json_group_object(bucket, json(flow)) FROM (
    SELECT key AS bucket, value AS flow FROM json_each(flows) WHERE key <> :bucket
    UNION ALL
    SELECT :bucket, json_object('pass_started_at', :pass_started_at, 'number', :becomes, 'seen_at', :now)
  )
)
WHERE EXISTS (
  SELECT 1 FROM json_each(flows)
  WHERE key = :bucket AND value ->> '$.pass_started_at' = :pass_started_at AND value ->> '$.number' = :number
)
