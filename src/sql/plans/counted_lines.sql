-- The {{lines}} of each thing as one: how many there are, the first and the last, and a sum over their signs. A fragment.
WITH listed AS ({{lines}})
SELECT about, json_object('counted', count(*), 'first', min(line), 'last', max(line), 'sum', sum({{signs}})) AS line
FROM listed
GROUP BY about
