-- No rows: forgets of :bucket the newer objects after key :after up to :last_key that are no longer so: {{decisions}}.
DELETE FROM steward_newer
WHERE r2_bucket = :bucket
  AND r2_key > :after
  AND r2_key <= :last_key
  AND r2_key NOT IN (SELECT r2_key FROM ({{decisions}}) WHERE decision = 'newer')
