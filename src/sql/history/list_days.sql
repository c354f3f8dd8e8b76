-- A row per day from :first on that has a history, the oldest first.
SELECT day, history FROM steward_days WHERE day >= :first AND history IS NOT NULL ORDER BY day
