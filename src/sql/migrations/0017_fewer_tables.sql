-- What was in tables of one or a few rows is kept in steward_control: a fast check reads the schema,
-- so it reads a row for each table and index.

-- What the queue of event notifications brought. `lag_ms` is from the oldest event of the last batch to its commit,
-- `longest_lag_ms` the longest on `lag_day`; `held_at` is when a batch was last put off, and `held_why`.
ALTER TABLE steward_control ADD COLUMN events_received INTEGER NOT NULL DEFAULT 0;
ALTER TABLE steward_control ADD COLUMN events_puts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE steward_control ADD COLUMN events_deletes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE steward_control ADD COLUMN events_not_applied INTEGER NOT NULL DEFAULT 0;
ALTER TABLE steward_control ADD COLUMN events_malformed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE steward_control ADD COLUMN events_unknown_action INTEGER NOT NULL DEFAULT 0;
ALTER TABLE steward_control ADD COLUMN events_other_bucket INTEGER NOT NULL DEFAULT 0;
ALTER TABLE steward_control ADD COLUMN events_dead INTEGER NOT NULL DEFAULT 0;
ALTER TABLE steward_control ADD COLUMN last_event_at TEXT;
ALTER TABLE steward_control ADD COLUMN events_committed_at TEXT;
ALTER TABLE steward_control ADD COLUMN lag_ms INTEGER;
ALTER TABLE steward_control ADD COLUMN lag_day TEXT;
ALTER TABLE steward_control ADD COLUMN longest_lag_ms INTEGER;
ALTER TABLE steward_control ADD COLUMN held_at TEXT;
ALTER TABLE steward_control ADD COLUMN held_why TEXT;
UPDATE steward_control SET
  events_received = events.received, events_puts = events.puts, events_deletes = events.deletes,
  events_not_applied = events.not_applied, events_malformed = events.malformed,
  events_unknown_action = events.unknown_action, events_other_bucket = events.other_bucket, events_dead = events.dead,
  last_event_at = events.last_event_at, events_committed_at = events.committed_at, lag_ms = events.lag_ms,
  lag_day = events.lag_day, longest_lag_ms = events.longest_lag_ms, held_at = events.held_at, held_why = events.held_why
FROM steward_events AS events;
DROP TABLE steward_events;

-- Who waits for the lease that a flow has for most of the time: by name, since when and until when, as JSON. Whoever
-- waits says so again every few seconds, so nothing is carried over.
ALTER TABLE steward_control ADD COLUMN waiting TEXT NOT NULL DEFAULT '{}';
DROP TABLE steward_waiting;

-- The flow that walks the pass of a bucket: by bucket, the pass, its latest instance, and when that was last at work.
ALTER TABLE steward_control ADD COLUMN flows TEXT NOT NULL DEFAULT '{}';
UPDATE steward_control SET flows = (
  SELECT json_group_object(
    bucket, json_object('pass_started_at', pass_started_at, 'number', number, 'seen_at', seen_at)
  ) FROM steward_flows
);
DROP TABLE steward_flows;
