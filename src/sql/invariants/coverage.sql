-- holds: every object of every bucket was seen within COVERAGE_HOURS (0: this is not looked at)
-- severity: warn
-- row: a bucket, and since when all its objects were seen; NULL is never
-- do: let passes come closer together (PASS_INTERVAL_HOURS, TICK_MAX_OBJECTS, PASS_ENGINE), or see why they do not end
-- needs: artifacts.r2_bucket
-- evidence: coverage
SELECT value ->> '$.bucket' AS r2_bucket, value ->> '$.seen' AS seen FROM json_each(:facts)
