-- A row per bucket: the latest complete pass, the latest with a certificate, and the latest one's certificate and heads.
SELECT
  r2_bucket,
  max(started_at) AS started_at,
  completed_at,
  certificate,
  coalesce(certificate ->> '$.certified', 0) AS certified,
  heads,
  counts,
  (
    SELECT max(completed_at) FROM steward_passes AS certified
    WHERE certified.r2_bucket = steward_passes.r2_bucket
      AND certified.r2_prefix = '' AND certified.completed_at IS NOT NULL AND certified.certificate ->> '$.certified'
  ) AS certified_at
FROM steward_passes
WHERE r2_prefix = '' AND completed_at IS NOT NULL
GROUP BY r2_bucket
