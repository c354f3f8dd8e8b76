-- The {{orphans}} of the reference named :child that nothing keeps from the winner the journal knows ({{free}}): what each looks
-- for, and the winner it would point at once the {{ranked}} rows are merged. A fragment.
WITH merged AS ({{ranked}}),
orphan AS ({{orphans}}),
pointed AS (
  SELECT orphan.row_key, orphan.missing_id, coalesce(merged.winner_id, orphan.winner_id) AS winner_id
  FROM orphan
  LEFT JOIN merged ON merged.id = orphan.winner_id
  WHERE orphan.winner_id IS NOT NULL AND {{free}}
)
SELECT json_array(:child, {{key}}) AS about, json_object('missing_id', {{missing_id}}, 'winner_id', {{winner_id}}) AS line
FROM pointed
