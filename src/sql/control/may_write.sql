-- True where nothing forbids a live backfill: no pause, and the unique index is there. A fragment.
paused_by IS NULL AND EXISTS ({{unique_index}})
