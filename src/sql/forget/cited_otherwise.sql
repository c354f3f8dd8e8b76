-- Whether {{child_table}} cites the row `artifacts` by {{child_column}}, as the child's column compares. A fragment.
EXISTS (SELECT 1 FROM {{child_table}} AS child WHERE child.{{child_column}} = artifacts.id)
