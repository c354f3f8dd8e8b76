-- At most :most of the {{lines}}. A fragment.
WITH listed AS ({{lines}})
SELECT about, line FROM listed LIMIT :most
