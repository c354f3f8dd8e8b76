-- No rows: keeps that the guards are lifted until :until because of :reason.
UPDATE steward_control SET lifted_until = :until, lifted_reason = :reason
