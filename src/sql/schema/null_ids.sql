-- One row: whether an artifact has no id.
SELECT EXISTS (SELECT 1 FROM artifacts WHERE id IS NULL) AS found
