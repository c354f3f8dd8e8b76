-- At most :most of the {{lines}}. A fragment.
SELECT about, line FROM ({{lines}}) LIMIT :most
