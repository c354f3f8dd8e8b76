-- No rows: ends the making of plan :plan: its :digest, :items, :totals (JSON), after what it :stopped_after (JSON; NULL: it
-- holds everything), and what it will take, the :forecast (JSON; NULL: unknown).
UPDATE steward_plans
SET digest = :digest, items = :items, totals = :totals, stopped_after = :stopped_after, forecast = :forecast
WHERE id = :plan
