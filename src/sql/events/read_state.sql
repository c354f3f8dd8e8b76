-- One row: what the queue of event notifications brought, and since when the oldest open mark is not confirmed.
SELECT
  received, puts, deletes, not_applied, malformed, unknown_action, other_bucket, dead,
  last_event_at, committed_at, lag_ms, longest_lag_ms, lag_day, held_at, held_why,
  (
    SELECT min(coalesce(first_pass, seen_in)) FROM steward_missing WHERE resolved_at IS NULL AND verified_at IS NULL
  ) AS oldest_candidate_at
FROM steward_events
