-- One row: groups, rows that would be deleted, and winners that would take a loser's type.
SELECT
  count(*) FILTER (WHERE place = 1) AS groups,
  count(*) FILTER (WHERE place > 1) AS losers,
  count(*) FILTER (WHERE place = 1 AND coalesce(source_type, 'unknown') = 'unknown' AND known > 0) AS carried
FROM ({{ranked}})
