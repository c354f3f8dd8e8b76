-- No rows: marks at :now of :bucket that an object between :first_key and :last_key is there after all: it is among the
-- {{objects}} of a page.
UPDATE steward_missing SET resolved_at = :now
WHERE r2_bucket = :bucket
  AND r2_key BETWEEN :first_key AND :last_key
  AND resolved_at IS NULL
  AND r2_key IN ({{objects}})
