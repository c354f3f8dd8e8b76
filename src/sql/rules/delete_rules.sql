-- No rows: removes every rule.
DELETE FROM source_type_rules
