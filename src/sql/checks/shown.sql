-- A value as a person is shown it: a long text is shortened and says so, bytes are hexadecimal digits, an integer
-- beyond 2^53, which JavaScript would round, is a text, and so is an infinite number, for which JSON has no word. A
-- fragment.
-- The length of a text ends at its first NUL, that of its bytes does not; a character has four at most.
CASE typeof({{value}})
  WHEN 'text' THEN
    CASE
      WHEN length({{value}}) > {{most}} THEN substr({{value}}, 1, {{most}}) || '… (shortened: ' || length({{value}}) || ' characters)'
      WHEN length(CAST({{value}} AS BLOB)) > 4 * {{most}} THEN
        substr({{value}}, 1, {{most}}) || '… (shortened: ' || length(CAST({{value}} AS BLOB)) || ' bytes)'
      ELSE {{value}}
    END
  WHEN 'blob' THEN
    'x''' || hex(substr({{value}}, 1, {{most}} / 2)) || CASE
      WHEN length({{value}}) > {{most}} / 2 THEN '… (shortened: ' || length({{value}}) || ' bytes)'
      ELSE ''''
    END
  WHEN 'integer' THEN
    CASE WHEN {{value}} BETWEEN -9007199254740991 AND 9007199254740991 THEN {{value}} ELSE CAST({{value}} AS TEXT) END
  WHEN 'real' THEN CASE WHEN {{value}} - {{value}} = 0 THEN {{value}} ELSE CAST({{value}} AS TEXT) END
  ELSE {{value}}
END
