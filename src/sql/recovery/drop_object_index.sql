-- No rows: drops the index that the unique one replaces.
DROP INDEX IF EXISTS steward_objects
