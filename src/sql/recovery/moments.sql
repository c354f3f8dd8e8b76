-- The rows of the groups in {{groups}} with the moment in their fetched_at: `fetched` in microseconds since 1970, the
-- digits that are finer in `finer`, and whether it holds something that cannot be read. A fragment.
-- Read are: whole and fractional seconds, milli-, micro- and nanoseconds by their size (1973 to 2103); ISO 8601 with
-- any zone, with a space, slashes, a comma or lower case; 20240601T030405Z and 20240601030405; the dates of HTTP and of
-- JavaScript. NULL and an empty text are no moment. Whatever else is in it cannot be read.
-- A chain of CTEs: SQLite's parser takes no subqueries so deep within each other. `LIMIT -1 OFFSET 0` keeps each step's
-- expressions from being copied into the next, where they would double at every use.
WITH stored AS (
  SELECT
    artifacts.id, artifacts.r2_bucket, artifacts.r2_key, artifacts.source_type, artifacts.fetched_at,
    {{live}} AS live,
    CASE
      WHEN typeof(fetched_at) = 'text' THEN upper(trim(fetched_at, char(32, 9, 10, 13, 34)))
      WHEN fetched_at BETWEEN 19000101 AND 21001231 OR fetched_at BETWEEN 19000101000000 AND 21001231235959
        THEN CAST(CAST(fetched_at AS INTEGER) AS TEXT)
    END AS text
  FROM ({{groups}}) AS grouped
  JOIN artifacts
    ON artifacts.r2_bucket = grouped.r2_bucket COLLATE BINARY
    AND artifacts.r2_key = grouped.r2_key COLLATE BINARY
  LIMIT -1 OFFSET 0
),
valued AS (
  SELECT
    *,
    CASE
      WHEN text IS NULL AND typeof(fetched_at) IN ('integer', 'real') THEN fetched_at
      WHEN length(text) IN (8, 14) AND instr(text, '.') = 0 OR text GLOB '*[^0-9.]*' OR text GLOB '*.*.*' OR text NOT GLOB '[0-9]*' THEN NULL
      WHEN instr(text, '.') > 0 THEN CAST(text AS REAL)
      ELSE CAST(text AS INTEGER)
    END AS value
  FROM stored
  LIMIT -1 OFFSET 0
),
spelled AS (
  SELECT
    *,
    CASE
      WHEN value BETWEEN 1e8 AND 4.2e9 THEN CAST(round(value * 1e6) AS INTEGER)
      WHEN value BETWEEN 1e11 AND 4.2e12 THEN CAST(round(value * 1e3) AS INTEGER)
      WHEN value BETWEEN 1e14 AND 4.2e15 THEN CAST(value AS INTEGER)
      WHEN value BETWEEN 1e17 AND 4.2e18 THEN CAST(value AS INTEGER) / 1000
    END AS number,
    CASE
      WHEN value BETWEEN 1e17 AND 4.2e18 THEN rtrim(printf('%03d', CAST(value AS INTEGER) % 1000), '0')
      ELSE ''
    END AS finer_number,
    CASE
      WHEN text GLOB '????????T??????*' THEN substr(text, 1, 4) || '-' || substr(text, 5, 2) || '-' || substr(text, 7, 2)
        || 'T' || substr(text, 10, 2) || ':' || substr(text, 12, 2) || ':' || replace(substr(text, 14), ',', '.')
      WHEN length(text) = 14 AND text NOT GLOB '*[^0-9]*' THEN substr(text, 1, 4) || '-' || substr(text, 5, 2) || '-'
        || substr(text, 7, 2) || 'T' || substr(text, 9, 2) || ':' || substr(text, 11, 2) || ':' || substr(text, 13)
      WHEN length(text) = 8 AND text NOT GLOB '*[^0-9]*'
        THEN substr(text, 1, 4) || '-' || substr(text, 5, 2) || '-' || substr(text, 7, 2)
      WHEN text GLOB '????/??/??*' THEN replace(substr(text, 1, 10), '/', '-') || replace(substr(text, 11), ',', '.')
      WHEN text GLOB '???, ?? ??? ???? ??:??:?? GMT' THEN substr(text, 13, 4) || '-' || {{http_month}} || '-'
        || substr(text, 6, 2) || 'T' || substr(text, 18, 8) || 'Z'
      WHEN text GLOB '??? ??? ?? ???? ??:??:?? GMT[+-]????*' THEN substr(text, 12, 4) || '-' || {{script_month}} || '-'
        || substr(text, 9, 2) || 'T' || substr(text, 17, 8) || substr(text, 29, 5)
      ELSE replace(text, ',', '.')
    END AS iso
  FROM valued
  LIMIT -1 OFFSET 0
),
halved AS (
  SELECT
    *,
    substr(iso, 1, 10) AS day,
    CASE WHEN substr(iso, 11, 1) IN ('T', ' ') THEN substr(iso, 12) ELSE substr(iso, 11) END AS rest
  FROM spelled
  LIMIT -1 OFFSET 0
),
clocked AS (
  SELECT *, substr(rest, 1, length(rest) - length(ltrim(rest, '0123456789:.'))) AS clock FROM halved
  LIMIT -1 OFFSET 0
),
parted AS (
  SELECT
    *,
    CASE WHEN instr(clock, '.') > 0 THEN substr(clock, 1, instr(clock, '.') - 1) ELSE clock END AS whole,
    CASE WHEN instr(clock, '.') > 0 THEN substr(clock, instr(clock, '.') + 1) ELSE '' END AS fraction,
    trim(substr(rest, length(clock) + 1)) AS zone
  FROM clocked
  LIMIT -1 OFFSET 0
),
counted AS (
  SELECT
    *,
    CASE
      WHEN date(day, '+0 days') = day AND length(iso) = 10 THEN CAST(strftime('%s', day) AS INTEGER)
      WHEN date(day, '+0 days') IS NOT day OR substr(whole, 1, 2) > '23' OR fraction GLOB '*[^0-9]*' THEN NULL
      WHEN whole GLOB '[0-2][0-9]:[0-5][0-9]' OR whole GLOB '[0-2][0-9]:[0-5][0-9]:[0-5][0-9]'
        THEN strftime('%s', day) + substr(whole, 1, 2) * 3600 + substr(whole, 4, 2) * 60
          + CAST(substr(whole, 7, 2) AS INTEGER)
    END AS seconds,
    CASE
      WHEN zone IN ('', 'Z', 'UTC', 'GMT') THEN 0
      WHEN zone GLOB '[+-][0-2][0-9]' OR zone GLOB '[+-][0-2][0-9][0-5][0-9]' OR zone GLOB '[+-][0-2][0-9]:[0-5][0-9]'
        THEN (substr(zone, 2, 2) * 3600 + CAST(substr(replace(zone, ':', ''), 4, 2) AS INTEGER) * 60)
          * CASE substr(zone, 1, 1) WHEN '-' THEN -1 ELSE 1 END
    END AS zone_seconds
  FROM parted
  LIMIT -1 OFFSET 0
)
SELECT
  id, r2_bucket, r2_key, source_type, fetched_at, live,
  coalesce(number, (seconds - zone_seconds) * 1000000 + CAST(substr(fraction || '000000', 1, 6) AS INTEGER)) AS fetched,
  CASE WHEN number IS NOT NULL THEN finer_number ELSE rtrim(substr(fraction, 7), '0') END AS finer,
  fetched_at IS NOT NULL AND text IS NOT '' AND number IS NULL AND seconds - zone_seconds IS NULL AS unreadable
FROM counted
