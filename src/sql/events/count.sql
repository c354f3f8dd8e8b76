-- No rows: counts, at :now, :received messages, in them :puts and :deletes, of which :not_applied are; beside them
-- :malformed ones, those of an :unknown_action and of an :other_bucket, and :dead ones of the dead-letter queue. The latest
-- event happened at :newest, the first of those applied :lag_ms ago (NULL: none was).
UPDATE steward_control
SET events_received = events_received + :received, events_puts = events_puts + :puts,
  events_deletes = events_deletes + :deletes, events_not_applied = events_not_applied + :not_applied,
  events_malformed = events_malformed + :malformed, events_unknown_action = events_unknown_action + :unknown_action,
  events_other_bucket = events_other_bucket + :other_bucket, events_dead = events_dead + :dead,
  last_event_at = max(coalesce(last_event_at, ''), coalesce(:newest, last_event_at, '')),
  events_committed_at = CASE WHEN :lag_ms IS NULL THEN events_committed_at ELSE :now END,
  held_at = CASE WHEN :lag_ms IS NULL THEN held_at END, held_why = CASE WHEN :lag_ms IS NULL THEN held_why END,
  lag_ms = coalesce(:lag_ms, lag_ms),
  longest_lag_ms = CASE WHEN lag_day = substr(:now, 1, 10) THEN max(longest_lag_ms, coalesce(:lag_ms, 0)) ELSE :lag_ms END,
  lag_day = CASE WHEN :lag_ms IS NULL THEN lag_day ELSE substr(:now, 1, 10) END
