-- No rows: keeps that the guards are lifted until ?1 because of ?2.
UPDATE steward_control SET lifted_until = ?1, lifted_reason = ?2
