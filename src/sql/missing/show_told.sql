-- A row per row of {{told}}, as a person is shown it: the key, the id, its state and moments, and its place.
SELECT
  r2_bucket, {{key}} AS r2_key, {{id}} AS artifact_id, state, first_pass, last_pass, verified_at, resolved_at,
  place_key, place_id
FROM ({{told}})
