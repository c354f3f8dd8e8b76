-- No rows: ends the making of plan :plan: its :digest, :items, :totals and :forecast (JSON), and after what it :stopped_after
-- (JSON; NULL: it holds everything).
UPDATE steward_plans SET digest = :digest, items = :items, totals = :totals, forecast = :forecast, stopped_after = :stopped_after WHERE id = :plan
