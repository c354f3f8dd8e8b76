-- One row: how many rows of {{child_table}} cite an artifact by {{child_column}}, or seem to.
SELECT count({{child_column}}) AS children FROM {{child_table}}
