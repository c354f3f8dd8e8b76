-- One row: the key of the object at place :place of a page (:page).
SELECT :page ->> ('$[' || CAST(:place AS INTEGER) || '].key') AS r2_key
