"""What a check found of one invariant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from words import CheckOutcome, Method, Severity

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Verdict:
    """Whether an invariant holds; what was not looked at to its end is `not_checked`, for a `reason`, never `holds`."""

    name: str
    severity: Severity
    outcome: CheckOutcome
    violations: int | None
    sample: Rows
    method: Method
    rows_read: int
    duration_ms: int
    reason: str | None = None
    since: str | None = None
    """When the scan began, where that was before this call."""
    began: str | None = None
    """When the scan began, in this call or an earlier one; None where nothing was looked at."""

    def report(self) -> dict[str, object]:
        """Return the verdict as answers print it; `reason` and `since` only where there is one."""
        return _known(asdict(self), but=("began",))

    def short(self) -> dict[str, object]:
        """Return what a run's row and the summary keep of it."""
        return _known(asdict(self), but=("began", "severity", "sample", "rows_read", "duration_ms"))


def _known(body: dict[str, Any], but: tuple[str, ...]) -> dict[str, object]:
    empty = {name for name in ("reason", "since") if body[name] is None}
    return {name: body[name] for name in body if name not in empty and name not in but}


def all_hold(verdicts: Iterable[Verdict]) -> bool:
    """Tell whether every invariant of error severity was seen to hold."""
    return all(verdict.outcome == "holds" for verdict in verdicts if verdict.severity == "error")
