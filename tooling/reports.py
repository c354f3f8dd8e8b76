"""The Worker's reports as tables, for `make run` and `make demo` alike."""

from collections.abc import Iterable, Mapping
from typing import Any

from tooling.table import number

Report = Mapping[str, Any]
Table = tuple[tuple[str, ...], list[tuple[object, ...]]]

_CHECK_COLUMNS = ("name", "severity", "outcome", "violations", "method")
_COUNTS = ("scanned", "inserted", "upgraded", "unchanged", "newer", "unclassified", "skipped", "refused")


def check_table(invariants: Iterable[Report]) -> Table:
    """Return a check's verdicts; a tick keeps fewer columns of them than a check's answer has."""
    listed = list(invariants)
    columns = [name for name in _CHECK_COLUMNS if listed and name in listed[0]]
    rows = [tuple(one[name] for name in columns) for one in listed]
    return tuple("invariant" if name == "name" else name for name in columns), list(rows)


def backfill_table(named: Iterable[tuple[str, Report]], head: str = "bucket") -> Table:
    """Return one line per backfill report."""
    rows = [(name, *(report[count] for count in _COUNTS), report["stopped_because"]) for name, report in named]
    return (head, *_COUNTS, "stopped because"), list(rows)


def recovery_table(report: Report) -> Table:
    """Return one line per step of a recovery."""
    rows = [(s["name"], s["before"], s["after"], s["changed"], _remark(s)) for s in report["steps"]]
    return ("step", "before", "after", "changed", ""), list(rows)


def _remark(step: Report) -> str:
    if "groups" in step:
        moved = f"{number(step['children_remapped'])} datapoints moved, {number(step['types_carried'])} types carried"
        return f"{number(step['groups'])} objects, {moved}"
    return str(step.get("error", ""))
