-- One row: how far the lowest and the highest whole-number key lie apart; NULL for other keys and an empty table.
SELECT CASE typeof(highest) WHEN 'integer' THEN highest - lowest END AS span
FROM (SELECT (SELECT max({{key}}) FROM {{table}}) AS highest, (SELECT min({{key}}) FROM {{table}}) AS lowest)
