-- Up to :most texts of a column that may hold keys of objects.
SELECT {{column}} AS key FROM {{table}} WHERE typeof({{column}}) = 'text' AND {{column}} <> '' LIMIT :most
