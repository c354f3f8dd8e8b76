-- No rows: drops the oldest plan, where it was made before :before.
DELETE FROM steward_plans WHERE id = (SELECT min(id) FROM steward_plans) AND made_at < :before
