"""What a check and the summary say, as an exit code and a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from steward.answers import Run
from steward.exits import Exit
from steward.summary import Summary

STALE = timedelta(hours=1)
"""Ticks check every few minutes: after this nothing is known any more. The operator page says so after an hour too."""


class Found(NamedTuple):
    """One invariant of error severity and what was found of it."""

    name: str
    outcome: str


class State(NamedTuple):
    """The whole in one sentence."""

    exit: Exit
    sentence: str


def judge(found: Iterable[Found]) -> Exit:
    """Return the code of a check: what was not checked wins over drift."""
    outcomes = {one.outcome for one in found}
    if outcomes - {"holds", "violated"} or not outcomes:
        return Exit.FAILED
    return Exit.DRIFT if "violated" in outcomes else Exit.CLEAN


def errors_of(summary: Summary) -> list[Found]:
    """Return what is known of the invariants of error severity.

    A fast check leaves out what only a scan can tell: there the last full check counts, and the finding it opened.
    """
    last = summary["last_check"] or {}
    outcomes = {verdict["name"]: verdict["outcome"] for verdict in last.get("invariants", [])}
    broken = {finding["invariant"] for finding in summary["findings"]}
    seen = last.get("mode") == "fast" and summary["full_check"]["ended_at"] is not None
    names = [one["name"] for one in summary["invariants"] if one["severity"] == "error"]
    return [Found(name, outcomes.get(name) or _before(name in broken, seen)) for name in names]


def _before(broken: bool, seen: bool) -> str:  # noqa: FBT001  # two facts of one finding
    if broken:
        return "violated"
    return "holds" if seen else "not_checked"


def state_of(summary: Summary) -> State:
    """Return the state that the summary tells of."""
    found = errors_of(summary)
    broken = [one.name for one in found if one.outcome == "violated"]
    unseen = [one.name for one in found if one.outcome not in ("holds", "violated")]
    if broken:
        also = f" Not checked: {', '.join(unseen)}." if unseen else ""
        return State(judge(found), f"Violated: {', '.join(broken)}.{also}")
    if unseen or not found:
        return State(Exit.FAILED, f"Not checked: {', '.join(unseen) or 'anything'}.")
    tick = last_tick(summary["runs"])
    if tick and tick["status"] in ("failed", "abandoned"):
        return State(Exit.FAILED, f"All holds, but the last tick {tick['status']} (run {tick['id']}).")
    if age(summary["as_of"], summary["last_check"]["checked_at"]) > STALE:
        return State(Exit.FAILED, "All held, but a while ago.")
    return State(Exit.CLEAN, "All is well.")


def last_tick(runs: Iterable[Run]) -> Run | None:
    """Return the newest tick that ended."""
    return next((run for run in runs if run["kind"] == "tick" and run["finished_at"]), None)


def age(now: str, moment: str) -> timedelta:
    """Return the time between two moments of the Worker's own clock."""
    return datetime.fromisoformat(now) - datetime.fromisoformat(moment)
