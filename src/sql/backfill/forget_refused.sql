-- No rows: forgets what was refused in bucket ?1 before ?2: the pass that began then tried it again, and it was taken.
DELETE FROM steward_refused WHERE r2_bucket = ?1 AND refused_at < ?2
