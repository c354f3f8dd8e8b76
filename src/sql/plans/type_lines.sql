-- The {{classified}} rows, each with what it becomes. A fragment.
WITH classified AS ({{classified}})
SELECT json_array(r2_bucket, r2_key) AS about, json_object('id', {{id}}, 'becomes', becomes) AS line FROM classified
