-- One row: the key of the object at place :place of a page (:page).
SELECT json_extract(:page, '$[' || (CAST(:place AS INTEGER) / 32) || '][' || (CAST(:place AS INTEGER) % 32) || '].key') AS r2_key
