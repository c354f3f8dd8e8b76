-- No rows: :who waits for the lease no more.
DELETE FROM steward_waiting WHERE who = :who
