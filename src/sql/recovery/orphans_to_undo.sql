-- One row: how many orphans that run :run pointed at a winner are not pointed back.
SELECT count(*) AS orphans FROM steward_remaps WHERE run = :run AND winner_id IS NOT NULL AND undone_by IS NULL
