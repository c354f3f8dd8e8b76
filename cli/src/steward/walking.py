"""A backfill of any length: calls of `POST /backfill`, each going on where the one before ended."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import cast

from steward.answers import Backfill, Cost
from steward.client import Client
from steward.errors import BusyError
from steward.exits import Exit
from steward.harmless import harmless
from steward.plans import forecast_of_both, left_out, work_of_both
from steward.progress import Meter
from steward.reports import COUNTED, SAMPLES
from steward.slices import more_of

_ADDED = (*COUNTED, "pages", "duration_ms")
_SAMPLE = 20


@dataclass(frozen=True)
class Route:
    """What to walk, and from where."""

    live: bool
    bucket: str | None
    prefix: str = ""
    cursor: str | None = None
    start_after: str | None = None
    resume: bool = False
    """Continue the cron's pass; a live one stores how far it came, so it is asked for again with each call."""
    most: int | None = None
    slice: int = 5000
    plan: int | None = None
    """Write what this plan says; it says where, too."""
    spread: bool = False

    @property
    def from_the_start(self) -> bool:
        """Whether it is a walk over all there is."""
        return not (self.prefix or self.cursor or self.start_after or self.resume or self.most or self.plan)

    def after(self, report: Backfill) -> Route:
        """Return the rest of the way after a call."""
        if self.plan is not None:
            return self
        rest = None if self.most is None else self.most - report["scanned"]
        if self.resume and self.live:
            return replace(self, most=rest)
        return replace(self, most=rest, resume=False, cursor=report["cursor"], start_after=report["start_after"])

    def request(self) -> dict[str, object]:
        """Return the body of the next call."""
        most = self.slice if self.most is None else min(self.slice, self.most)
        return {
            "dry_run": not self.live,
            "r2_bucket": self.bucket,
            "r2_prefix": self.prefix,
            "max_objects": most if self.plan is None else self.most,
            "cursor": self.cursor,
            "start_after": None if self.cursor else self.start_after,
            "resume": self.resume,
            "plan": self.plan,
            "spread": self.spread or None,
        }

    def command(self) -> str:
        """Return the command that walks this way."""
        words = ["steward pass"] if self.resume else ["steward backfill", *self._position()]
        options: dict[str, object] = {"--bucket": self.bucket, "--prefix": self.prefix, "--max-objects": self.most}
        options["--plan"] = self.plan
        words += [f"{name} {shlex.quote(str(value))}" for name, value in options.items() if value]
        flags = {"--live": self.live, "--spread": self.spread}
        return " ".join([*words, *(name for name, given in flags.items() if given)])

    def _position(self) -> list[str]:
        if self.start_after and (not self.cursor or harmless(self.start_after) == self.start_after):
            return [f"--start-after {shlex.quote(self.start_after)}"]
        return [f"--cursor {shlex.quote(self.cursor)}"] if self.cursor else []


class Walk:
    """The walk: the sum of what its calls reported, and the way that is left."""

    def __init__(self, client: Client, route: Route, walked_before: int = 0) -> None:
        self._client = client
        self._before = walked_before
        self.route = route
        self.report: Backfill | None = None
        self.calls = 0

    @property
    def begun(self) -> bool:
        """Whether a call was answered."""
        return self.report is not None

    def take(self) -> bool:
        """Walk the next slice."""
        found: Backfill = self._client.post("/backfill", **self.route.request())
        self.calls += 1
        self.report = found if self.report is None else _sum(self.report, found)
        self.route = self.route.after(found)
        more = found["truncated"] and self.route.most != 0
        if more and not found["scanned"]:
            more_of(found, more=more)
            raise BusyError(f"The last call listed nothing ({found['stopped_because']}).")
        return more_of(found, more=more)

    def show(self, meter: Meter) -> None:
        """Show how many objects were listed."""
        plan = self.report.get("plan") if self.report else None
        if plan and "shown" in plan:
            meter.at(plan["dealt_with"], plan["items"])
        elif self.report:
            meter.at(self._before + self.report["scanned"])

    @property
    def verdict(self) -> Exit:
        """What a walk that came to its end says: a dry one that would write has found drift."""
        report = self.report
        if report is not None and left_out(report.get("plan")):
            return Exit.REFUSED
        drift = report is not None and report["dry_run"] and report["inserted"] + report["upgraded"] > 0
        return Exit.DRIFT if drift else Exit.CLEAN


def _sum(before: Backfill, later: Backfill) -> Backfill:
    """Return two reports as one: counts and cost added, everything else as the later one says."""
    added = {name: before[name] + later[name] for name in _ADDED}  # type: ignore[literal-required]  # all are integers
    cost = {name: before["cost"][name] + later["cost"][name] for name in Cost.__annotations__}  # type: ignore[literal-required]  # likewise
    samples = {name: [*before[name], *later[name]][:_SAMPLE] for name in SAMPLES}  # type: ignore[literal-required]  # likewise
    whole = {**later, **added, **samples, "cost": cost}
    plan = work_of_both(before.get("plan"), later.get("plan"))
    if "plan" in later:
        # Each dry call makes a plan of its own, in place of the one before: none of them is of the whole walk.
        whole["plan"] = None if later["dry_run"] else plan
    if "forecast" in before and "forecast" in later:
        whole["forecast"] = forecast_of_both(before["forecast"], later["forecast"])
    repeated = before.get("repeated_pages", 0) + later.get("repeated_pages", 0)
    return cast(Backfill, {**whole, "repeated_pages": repeated} if repeated else whole)
