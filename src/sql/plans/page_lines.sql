-- The objects of a page of :bucket that are to be inserted or upgraded, by the {{decisions}}. A fragment.
WITH decided AS ({{decisions}})
SELECT
  json_array(:bucket, r2_key) AS about,
  json_object('decision', decision, 'source_type', source_type, 'uploaded', uploaded) AS line
FROM decided
WHERE decision IN ('inserted', 'upgraded')
