"""What a dry run foretells of the last step: the violations that a live one would leave."""

from __future__ import annotations

from collections.abc import Mapping

from database.schema import Schema
from invariants.check import Verdict
from recovery.steps import Step


def violations(verdicts: list[Verdict]) -> int:
    """Return how often the invariants of error severity are broken, all together."""
    return sum(verdict.violations or 0 for verdict in verdicts if verdict.severity == "error")


def foretold(steps: Mapping[str, Step], measured: list[Verdict], schema: Schema) -> int:
    """Return the violations that a live run would leave: what was measured, less what the steps would repair."""
    merged = steps["dedupe"].details["groups"]
    left = {
        "no_unknown_source_type": steps["classify"].after,
        "no_orphan_datapoints": steps["orphans"].after,
        "unique_index_present": 1 - steps["index"].after + len(schema.nullable_key),
        "guards_present": 0,
    }
    for verdict in measured:
        if verdict.name == "one_artifact_per_object" and isinstance(merged, int):
            left[verdict.name] = (verdict.violations or 0) - merged
    errors = [verdict for verdict in measured if verdict.severity == "error"]
    return sum(left.get(verdict.name, verdict.violations or 0) for verdict in errors)
