-- One row: how many others wait for the lease at :now and began to before :who did, and whether :who waits.
SELECT
  (
    SELECT count(*) FROM steward_waiting AS other
    WHERE other.who <> :who AND other.until > :now AND other.since < coalesce(mine.since, :now)
  ) AS others,
  mine.since IS NOT NULL AS waits
FROM (SELECT max(since) AS since FROM steward_waiting WHERE who = :who AND until > :now) AS mine
