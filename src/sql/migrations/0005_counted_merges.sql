-- A merge counts what it did: where one of the first three would become NULL, the whole chunk is taken back.
-- `was` is what a child held, where that is not the loser's id to the byte.
ALTER TABLE steward_control ADD COLUMN losers_journalled INTEGER NOT NULL DEFAULT 1;
ALTER TABLE steward_control ADD COLUMN children_moved INTEGER NOT NULL DEFAULT 1;
ALTER TABLE steward_control ADD COLUMN losers_deleted INTEGER NOT NULL DEFAULT 1;
ALTER TABLE steward_remaps ADD COLUMN was;
