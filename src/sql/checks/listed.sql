-- Up to :most of the rows that break an invariant and are after {{condition}}, as {{ordered}} has them, without the
-- first :skip; their values as a person is shown them, and the places of those that keys order.
SELECT {{columns}} FROM (SELECT * FROM ({{query}}) WHERE {{condition}} {{ordered}} LIMIT :most OFFSET :skip)
