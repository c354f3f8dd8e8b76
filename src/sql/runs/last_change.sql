-- One row: how many rows the statement before it changed, without what triggers of the owners changed.
SELECT changes() AS changed
