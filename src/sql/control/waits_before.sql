-- One row: how many others wait for the lease at :now and began to before :who did, and whether :who waits.
WITH waits AS (
  SELECT key AS who, value ->> '$.since' AS since
  FROM steward_control, json_each(steward_control.waiting)
  WHERE value ->> '$.until' > :now
)
SELECT
  (
    SELECT count(*) FROM waits AS other WHERE other.who <> :who AND other.since < coalesce(mine.since, :now)
  ) AS others,
  mine.since IS NOT NULL AS waits
FROM (SELECT max(since) AS since FROM waits WHERE who = :who) AS mine
