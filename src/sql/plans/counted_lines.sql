-- The {{lines}} of each thing as one: how many there are, the first and the last, and a sum over their signs. A fragment.
SELECT about, json_object('counted', count(*), 'first', min(line), 'last', max(line), 'sum', sum({{signs}})) AS line
FROM ({{lines}})
GROUP BY about
