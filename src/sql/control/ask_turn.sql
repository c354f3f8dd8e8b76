-- No rows: keeps that :who waits for the lease, since :now unless it waited before, until :until.
UPDATE steward_control SET waiting = (
  SELECT json_group_object(name, json(moments)) FROM (
    SELECT key AS name, value AS moments FROM json_each(waiting) WHERE key <> :who
    UNION ALL
    SELECT :who, json_object('since', coalesce((
      SELECT value ->> '$.since' FROM json_each(waiting) WHERE key = :who AND value ->> '$.until' > :now
    ), :now), 'until', :until)
  )
)
