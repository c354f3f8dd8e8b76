-- The finding :finding, or no row.
SELECT {{columns}} FROM steward_findings WHERE id = :finding
