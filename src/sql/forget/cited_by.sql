-- Whether {{child_table}} cites the row `artifacts` by {{child_column}}. A fragment.
-- A list, for SQLite takes the index of the child for it, or reads the child once where there is none.
(artifacts.id IN (SELECT {{child_column}} FROM {{child_table}})) IS 1
