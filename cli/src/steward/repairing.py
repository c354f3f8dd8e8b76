"""A recovery and an undo of any length: the same request again until the Worker says that it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from steward.answers import Recovery, Step, Undo
from steward.client import Client
from steward.errors import CliError
from steward.exits import Exit
from steward.harmless import harmless
from steward.plans import left_out, work_of_both
from steward.progress import Meter
from steward.reports import BOOKKEEPING
from steward.slices import more_of
from steward.wording import in_commands

_ADDED = ("changed", "groups", "types_carried", "children_remapped")


@dataclass(frozen=True)
class Asked:
    """What is asked of a recovery."""

    live: bool
    max_groups: int | None = None
    max_deletes: int | None = None
    resume: bool = False
    unreadable: str | None = None
    include_deleted: bool = False
    plan: int | None = None
    spread: bool = False


class Repair:
    """The recovery: the sum of what its calls reported."""

    def __init__(self, client: Client, asked: Asked) -> None:
        self._client, self._asked = client, asked
        self.report: Recovery | None = None

    @property
    def begun(self) -> bool:
        """Whether a call was answered."""
        return self.report is not None

    def take(self) -> bool:
        """Make one call; raises CliError where a step failed, which the answer says with status 200."""
        asked = self._asked
        found: Recovery = self._client.post(
            "/recover",
            dry_run=not asked.live,
            max_groups=asked.max_groups,
            max_deletes=asked.max_deletes,
            resume=asked.resume,
            unreadable=asked.unreadable,
            include_deleted=asked.include_deleted,
            plan=asked.plan,
            spread=asked.spread or None,
        )
        self.report = found if self.report is None else _sum(self.report, found)
        for step in found["steps"]:
            if "error" in step:
                raise CliError(in_commands(harmless(step["error"])))
        return more_of(found, more=not found["done"])

    def show(self, meter: Meter) -> None:
        """Show how many duplicate rows are merged."""
        merge = self.step("dedupe")
        if merge:
            meter.at(merge["changed"], merge["before"])

    def step(self, name: str) -> Step | None:
        """Return a step, None where it was not taken."""
        steps = self.report["steps"] if self.report else []
        return next((step for step in steps if step["name"] == name), None)

    @property
    def verdict(self) -> Exit:
        """Drift where something is still violated, or where a dry run would change something.

        Refused where items of its plan were left out: then it is not what somebody approved.
        """
        report = self.report
        if report is None:
            return Exit.FAILED
        if left_out(report.get("plan")):
            return Exit.REFUSED
        changes = report["dry_run"] and any(
            step["changed"] for step in report["steps"] if step["name"] not in BOOKKEEPING
        )
        return Exit.DRIFT if changes or not report["ok"] else Exit.CLEAN


def _sum(before: Recovery, later: Recovery) -> Recovery:
    """Return two calls as one: what was repaired is added, what is left is as the later one says."""
    first = {step["name"]: step for step in before["steps"]}
    # What a dry call says is no addition to what the one before it said.
    known = {} if later["dry_run"] else dict(first)
    steps = [_both(known.get(step["name"]), step) for step in later["steps"]]
    first = {name: step for name, step in first.items() if name not in {one["name"] for one in later["steps"]}}
    whole: Recovery = {**later, "steps": [*first.values(), *steps]}
    if "plan" in later:
        whole["plan"] = work_of_both(before.get("plan"), later["plan"])
    return whole


def _both(before: Step | None, later: Step) -> Step:
    if before is None or later["name"] in BOOKKEEPING:
        return later
    added = {name: before[name] + later[name] for name in _ADDED if name in before and name in later}  # type: ignore[literal-required]  # all are integers
    return cast(Step, {**later, "before": before["before"], **added})


class Undoing:
    """The undo of one run: the sum of what its calls brought back."""

    def __init__(self, client: Client, run: int, *, dry: bool = False, plan: int | None = None) -> None:
        self._client, self._run, self._dry, self._plan = client, run, dry, plan
        self.report: Undo | None = None

    @property
    def begun(self) -> bool:
        """Whether a call was answered."""
        return self.report is not None

    def take(self) -> bool:
        """Make one call. A dry one that was cut short is not made again: it would look at the same rows."""
        asked = {"dry_run": self._dry or None, "plan": self._plan}
        found: Undo = self._client.post(f"/runs/{self._run}/undo", **asked)
        before = self.report
        if before is not None:
            found["restored"] += before["restored"]
            found["children_restored"] += before["children_restored"]
            if "plan" in found:
                found["plan"] = work_of_both(before.get("plan"), found["plan"])
        self.report = found
        return not (found["done"] or self._dry)

    def show(self, meter: Meter) -> None:
        """Show how many rows are back."""
        if self.report:
            meter.at(self.report["restored"])

    @property
    def verdict(self) -> Exit:
        """Refused where a row moved on and is left as it is; drift where a dry run would bring rows back."""
        report = self.report
        if report is None:
            return Exit.FAILED
        if report["refused"] or left_out(report.get("plan")):
            return Exit.REFUSED
        return Exit.DRIFT if self._dry and report["restored"] else Exit.CLEAN
