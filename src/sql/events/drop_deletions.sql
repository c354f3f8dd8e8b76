-- No rows: drops what was noted as deleted before :since: no younger put is believed.
DELETE FROM steward_deletions WHERE noted_at < :since
