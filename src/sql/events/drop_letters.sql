-- No rows: drops the kept messages but the last :kept.
DELETE FROM steward_letters WHERE id <= (SELECT max(id) FROM steward_letters) - :kept
