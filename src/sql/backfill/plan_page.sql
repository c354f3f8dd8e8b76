-- One row: how many of the page's objects are of each kind, up to 20 of the unclassified and of the newer keys as JSON,
-- before how many objects there are rows without one, how many rows have no date, and how many marks of a missing
-- object from :first_key on, or of a newer one after :after, lie up to :last_key of :bucket.
SELECT
  count(*) AS scanned,
  count(*) FILTER (WHERE decision = 'inserted') AS inserted,
  count(*) FILTER (WHERE decision = 'upgraded') AS upgraded,
  count(*) FILTER (WHERE decision = 'unchanged') AS unchanged,
  count(*) FILTER (WHERE decision = 'unclassified') AS unclassified,
  count(*) FILTER (WHERE decision = 'skipped') AS skipped,
  count(*) FILTER (WHERE decision = 'refused') AS refused,
  count(*) FILTER (WHERE decision = 'newer') AS newer,
  count(*) FILTER (WHERE lone_row) AS lone_rows,
  count(*) FILTER (WHERE decision = 'unchanged' AND NOT dated) AS undated,
  json_extract(
    json_group_array(r2_key) FILTER (WHERE decision = 'unclassified'),
    '$[0]', '$[1]', '$[2]', '$[3]', '$[4]', '$[5]', '$[6]', '$[7]', '$[8]', '$[9]',
    '$[10]', '$[11]', '$[12]', '$[13]', '$[14]', '$[15]', '$[16]', '$[17]', '$[18]', '$[19]'
  ) AS unclassified_sample,
  json_extract(
    json_group_array(r2_key) FILTER (WHERE decision = 'newer'),
    '$[0]', '$[1]', '$[2]', '$[3]', '$[4]', '$[5]', '$[6]', '$[7]', '$[8]', '$[9]',
    '$[10]', '$[11]', '$[12]', '$[13]', '$[14]', '$[15]', '$[16]', '$[17]', '$[18]', '$[19]'
  ) AS newer_sample,
  (
    SELECT count(*) FROM steward_missing
    WHERE r2_bucket = :bucket AND r2_key BETWEEN :first_key AND :last_key AND resolved_at IS NULL
  ) + (
    SELECT count(*) FROM steward_newer WHERE r2_bucket = :bucket AND r2_key > :after AND r2_key <= :last_key
  ) AS marked
FROM ({{decisions}})
