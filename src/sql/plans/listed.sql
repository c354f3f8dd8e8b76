-- A row per object among the {{objects}} of a page that is one of :keys (a JSON array): when it was uploaded, and whether it is
-- a directory marker.
WITH listed AS ({{objects}})
SELECT r2_key, uploaded, is_marker FROM listed WHERE r2_key IN (SELECT value FROM json_each(:keys))
