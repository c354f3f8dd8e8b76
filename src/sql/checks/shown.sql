-- A value as a person is shown it: a long text is shortened and says so, bytes are hexadecimal digits, and an integer
-- beyond 2^53, which JavaScript would round, is a text. A fragment.
CASE typeof({{value}})
  WHEN 'text' THEN
    CASE
      WHEN length({{value}}) > 300 THEN substr({{value}}, 1, 300) || '… (shortened: ' || length({{value}}) || ' characters)'
      ELSE {{value}}
    END
  WHEN 'blob' THEN
    'x''' || hex(substr({{value}}, 1, 150)) || CASE
      WHEN length({{value}}) > 150 THEN '… (shortened: ' || length({{value}}) || ' bytes)'
      ELSE ''''
    END
  WHEN 'integer' THEN
    CASE WHEN {{value}} BETWEEN -9007199254740991 AND 9007199254740991 THEN {{value}} ELSE CAST({{value}} AS TEXT) END
  ELSE {{value}}
END
