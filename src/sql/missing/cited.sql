-- A row per artifact of {{listed}} that {{child_table}} cites by {{child_column}}: its place, and by how many rows.
SELECT listed.r2_bucket, listed.place_key, listed.place_id, count(*) AS cited
FROM ({{listed}}) AS listed
JOIN {{child_table}} AS child ON child.{{child_column}} = listed.artifact_id
GROUP BY listed.r2_bucket, listed.place_key, listed.place_id
