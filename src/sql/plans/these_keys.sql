-- True for the row keys in :keys, a JSON array of [reference, key]. A fragment.
row_key IN (SELECT value ->> '$[1]' FROM json_each(:keys))
