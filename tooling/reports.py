"""The Worker's reports as tables, for `make run` and `make demo` alike."""

from collections.abc import Iterable, Mapping
from typing import Any

from tooling.table import number

Report = Mapping[str, Any]
Table = tuple[tuple[str, ...], list[tuple[object, ...]]]

_COUNTS = ("scanned", "inserted", "upgraded", "unchanged", "unclassified", "skipped")


def check_table(invariants: Iterable[Report]) -> Table:
    """Return a check's verdicts; a tick keeps no severity, a check's answer does."""
    rows = [(one["name"], one["outcome"], one["violations"], one["method"]) for one in invariants]
    return ("invariant", "outcome", "violations", "method"), list(rows)


def backfill_table(named: Iterable[tuple[str, Report]], head: str = "bucket") -> Table:
    """Return one line per backfill report."""
    rows = [(name, *(report[count] for count in _COUNTS), _end(report)) for name, report in named]
    return (head, *_COUNTS, "stopped because"), list(rows)


def _end(report: Report) -> str:
    return str(report["stopped_because"])


def recovery_table(report: Report) -> Table:
    """Return one line per step of a recovery."""
    rows = [(s["name"], s["before"], s["after"], s["changed"], _remark(s)) for s in report["steps"]]
    return ("step", "before", "after", "changed", ""), list(rows)


def _remark(step: Report) -> str:
    if "groups" in step:
        moved = f"{number(step['children_remapped'])} datapoints moved, {number(step['types_carried'])} types carried"
        return f"{number(step['groups'])} objects, {moved}"
    return str(step.get("error", ""))
