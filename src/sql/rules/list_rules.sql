-- A row per rule: priority, pattern, source_type.
SELECT priority, pattern, source_type FROM source_type_rules
