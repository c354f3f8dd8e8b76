-- One row: what the queue of event notifications brought, and since when the oldest open mark is not confirmed.
SELECT
  events_received AS received, events_puts AS puts, events_deletes AS deletes, events_not_applied AS not_applied,
  events_malformed AS malformed, events_unknown_action AS unknown_action, events_other_bucket AS other_bucket,
  events_dead AS dead, last_event_at, events_committed_at AS committed_at, lag_ms, longest_lag_ms, lag_day, held_at, held_why,
  (
    SELECT min(coalesce(first_pass, seen_in)) FROM steward_missing WHERE resolved_at IS NULL AND verified_at IS NULL
  ) AS oldest_candidate_at
FROM steward_control
