"""A forgetting of any length: the same request again until the Worker says that it is done."""

from __future__ import annotations

from collections import Counter
from typing import Any, NotRequired, TypedDict

from steward.client import Client
from steward.exits import Exit
from steward.forecasts import Forecast
from steward.planned import NewPlan, PlanWork
from steward.plans import left_out, work_of_both
from steward.progress import Meter
from steward.slices import more_of

_SHOWN, _LEFT = 20, 100
"""As many as one answer names."""


class Forget(TypedDict):
    """One call of a forgetting; `steward` prints the sum of its calls in the same shape."""

    run_id: int
    dry_run: bool
    done: bool
    gone: int
    forgotten: int
    still_there: int
    held: dict[str, int]
    left: list[dict[str, Any]]
    sample: list[dict[str, Any]]
    sample_held: list[dict[str, Any]]
    mentions: list[str]
    refused: str | None
    continues_at: NotRequired[str]
    forecast: NotRequired[Forecast]
    plan: NotRequired[NewPlan | PlanWork | None]


class Forgetting:
    """The forgetting: the sum of what its calls reported."""

    def __init__(self, client: Client, *, live: bool, **asked: object) -> None:
        self._client, self._live, self._asked = client, live, asked
        self.report: Forget | None = None

    @property
    def begun(self) -> bool:
        """Whether a call was answered."""
        return self.report is not None

    def take(self) -> bool:
        """Make one call. A dry one that was cut short is not made again: it would look at the same rows."""
        found: Forget = self._client.post("/forget", dry_run=not self._live, **self._asked)
        self.report = found if self.report is None else _sum(self.report, found)
        return more_of(found, more=self._live and not found["done"])

    def show(self, meter: Meter) -> None:
        """Show how many rows are forgotten, of those that nobody holds."""
        if self.report:
            meter.at(self.report["forgotten"], self.report["gone"] - sum(self.report["held"].values()))

    @property
    def verdict(self) -> Exit:
        """Refused where the database, or the Worker, would not; drift where a dry run would delete something."""
        report = self.report
        if report is None:
            return Exit.FAILED
        if report["refused"] or report["left"] or left_out(report.get("plan")):
            return Exit.REFUSED
        return Exit.DRIFT if report["dry_run"] and report["forgotten"] else Exit.CLEAN


def _sum(before: Forget, later: Forget) -> Forget:
    """Return two calls as one: what was forgotten is added; what stays, and how much was gone, is as it was found."""
    whole: Forget = {
        **later,
        "gone": before["gone"],
        "forgotten": before["forgotten"] + later["forgotten"],
        "still_there": before["still_there"] + later["still_there"],
        "held": dict(Counter(before["held"]) | Counter(later["held"])),
        "left": [*before["left"], *later["left"]][:_LEFT],
        "sample": [*before["sample"], *later["sample"]][:_SHOWN],
    }
    if "plan" in later:
        whole["plan"] = work_of_both(before.get("plan"), later["plan"])
    return whole
