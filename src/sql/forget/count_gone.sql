-- A row per place of what holds artifacts of {{gone}}: how many it holds first; NULL for those that nothing holds.
SELECT held_by, count(*) AS artifacts FROM ({{gone}}) GROUP BY held_by
