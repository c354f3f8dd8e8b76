-- No rows: keeps in the row of run :run where the next call continues (:checkpoint, JSON; NULL: from the beginning).
UPDATE steward_runs SET checkpoint = :checkpoint WHERE id = :run
