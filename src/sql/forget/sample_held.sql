-- Up to 20 artifacts of {{gone}} that something holds, and the place of what does.
SELECT r2_bucket, r2_key, id, held_by FROM ({{gone}}) WHERE held_by IS NOT NULL ORDER BY r2_bucket, r2_key LIMIT 20
