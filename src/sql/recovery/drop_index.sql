-- No rows: drops the unique index, under which the losers could not return.
DROP INDEX {{name}}
