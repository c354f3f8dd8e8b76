-- True where the index of the unknown rows is the one of before, which compares as its column does. A fragment.
EXISTS (
  SELECT 1 FROM sqlite_schema
  WHERE name = 'artifacts_unknown'
    AND sql = 'CREATE INDEX artifacts_unknown ON artifacts (r2_bucket, r2_key) WHERE source_type = ''unknown'''
)
