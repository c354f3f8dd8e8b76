"""From what the queries of an invariant found to a verdict."""

from __future__ import annotations

from collections.abc import Sequence

from database.key_ranges import shown_bound
from invariants.catalogue import Invariant
from invariants.look import SAMPLE_ROWS, QueryProgress
from invariants.verdict import Verdict
from words import CheckOutcome


def judged(invariant: Invariant, found: Sequence[QueryProgress], reason: str | None, rows_read: int) -> Verdict:
    """Return the verdict on an invariant; with a `reason`, it is not checked."""
    violations = sum(one.violations for one in found)
    outcome: CheckOutcome = "not_checked" if reason is not None else "violated" if violations else "holds"
    return Verdict(
        name=invariant.name,
        severity=invariant.severity,
        outcome=outcome,
        violations=None if reason is not None else violations,
        sample=[row for one in found for row in one.sample][:SAMPLE_ROWS],
        method="proof" if found and all(one.proved for one in found) else "scan",
        rows_read=rows_read,
        duration_ms=0,
        reason=reason,
        began=min((one.since for one in found if one.since), default=None),
    )


def how_far(found: Sequence[QueryProgress]) -> str | None:
    """Return how far the queries came, where one of them is not done."""
    unfinished = [one for one in found if not one.done]
    if not unfinished:
        return None
    first, violations = unfinished[0], sum(one.violations for one in found)
    place = (
        "neither time nor queries were left for it"
        if first.since is None
        else f"checked up to key {shown_bound(tuple(first.after or ()))}, {violations} violations so far"
    )
    return f"Not done yet: {place}. Ticks continue a full check to its end."
