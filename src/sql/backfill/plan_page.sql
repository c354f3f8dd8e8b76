-- One row: how many of the page's objects are of each kind, and up to 20 of the unclassified keys as JSON.
SELECT
  count(*) AS scanned,
  count(*) FILTER (WHERE decision = 'inserted') AS inserted,
  count(*) FILTER (WHERE decision = 'upgraded') AS upgraded,
  count(*) FILTER (WHERE decision = 'unchanged') AS unchanged,
  count(*) FILTER (WHERE decision = 'unclassified') AS unclassified,
  count(*) FILTER (WHERE decision = 'skipped') AS skipped,
  count(*) FILTER (WHERE decision = 'refused') AS refused,
  json_extract(
    json_group_array(r2_key) FILTER (WHERE decision = 'unclassified'),
    '$[0]', '$[1]', '$[2]', '$[3]', '$[4]', '$[5]', '$[6]', '$[7]', '$[8]', '$[9]',
    '$[10]', '$[11]', '$[12]', '$[13]', '$[14]', '$[15]', '$[16]', '$[17]', '$[18]', '$[19]'
  ) AS unclassified_sample
FROM ({{decisions}})
