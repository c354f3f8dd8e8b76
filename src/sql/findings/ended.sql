-- Whether the quiet of an open finding ends at :now with a `verdict` that has so many violations: its time is over, or
-- they more than doubled. A fragment.
quiet IS NOT NULL AND (quiet_until <= :now OR verdict.violations > 2 * quiet_violations)
