-- No rows: gives each winner of unknown or no type among the {{ranked}} rows the type of its newest known loser.
UPDATE artifacts SET source_type = carried.source_type
FROM (
  SELECT winner_id, source_type, min(place) AS place
  FROM ({{ranked}})
  WHERE place > 1 AND source_type COLLATE BINARY <> 'unknown'
  GROUP BY winner_id
) AS carried
WHERE artifacts.id = carried.winner_id AND coalesce(artifacts.source_type, 'unknown') = 'unknown'
