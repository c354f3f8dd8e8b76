-- The Julian day of a row's fetched_at, NULL for what is not clear: dates of ISO 8601, and seconds, milli-, micro- and
-- nanoseconds since 1970 by their size (1973 to 2103). A fragment of `decisions`.
CASE
  WHEN typeof(fetched_at) = 'text' AND fetched_at GLOB '[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]*' THEN julianday(fetched_at)
  WHEN typeof(fetched_at) NOT IN ('integer', 'real') THEN NULL
  WHEN fetched_at BETWEEN 1e8 AND 4.2e9 THEN 2440587.5 + fetched_at / 86400.0
  WHEN fetched_at BETWEEN 1e11 AND 4.2e12 THEN 2440587.5 + fetched_at / 86400e3
  WHEN fetched_at BETWEEN 1e14 AND 4.2e15 THEN 2440587.5 + fetched_at / 86400e6
  WHEN fetched_at BETWEEN 1e17 AND 4.2e18 THEN 2440587.5 + fetched_at / 86400e9
END
