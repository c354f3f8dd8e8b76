-- A row per row of {{changed}}, as a person is shown it: the key, the id, when each side says the document is from, and
-- its place.
SELECT
  r2_bucket, {{key}} AS r2_key, {{id}} AS artifact_id, uploaded, {{fetched}} AS fetched_at, seen_at,
  place_key, place_id
FROM ({{changed}})
