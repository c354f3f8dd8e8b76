-- holds: a source_url cites a document, not a homepage or a directory listing
-- severity: warn
-- row: a row whose source_url, without its query and fragment, ends in / or has no path
-- do: find the document that was meant, and correct source_url
-- needs: source_url in artifacts or in a child table
-- for: each citation
-- walks: table
-- keys: row_key
SELECT :label AS cited_in, row_key, source_url
FROM (
  SELECT row_key, source_url, substr(address, instr(address, '://') + 3) AS place
  FROM (
    SELECT row_key, source_url, substr(address, 1, instr(address || '?', '?') - 1) AS address
    FROM (
      SELECT
        {{row_key}} AS row_key,
        source_url,
        substr(source_url, 1, instr(source_url || '#', '#') - 1) AS address
      FROM {{rows}}
      WHERE source_url LIKE 'http%://%'
    )
  )
)
WHERE instr(place, '/') = 0 OR place LIKE '%/'
