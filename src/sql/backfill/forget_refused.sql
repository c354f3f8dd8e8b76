-- No rows: forgets what was refused in bucket :bucket before :before: the pass that began then tried it again, and it
-- was taken.
DELETE FROM steward_refused WHERE r2_bucket = :bucket AND refused_at < :before
