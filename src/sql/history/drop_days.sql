-- No rows: forgets the days before :oldest.
DELETE FROM steward_days WHERE day < :oldest
