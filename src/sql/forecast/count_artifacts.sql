-- One row: how many artifacts there are.
SELECT count(*) AS artifacts FROM artifacts
