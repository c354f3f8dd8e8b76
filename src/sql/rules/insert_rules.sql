-- No rows: stores the rules in :rules, a JSON array of [priority, pattern, source_type].
INSERT INTO source_type_rules (priority, pattern, source_type)
SELECT value ->> '$[0]', value ->> '$[1]', value ->> '$[2]' FROM json_each(:rules)
