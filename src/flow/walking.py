"""A slice of a flow's pass: a tick's share of objects, time and queries, from where the pass stands."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from backfill.early import Early
from backfill.progress import Progress
from backfill.slice import walk_slice
from backfill.spec import SliceReport, WalkSpec
from backfill.target import read_target
from flow.instance import Instance
from ports import Bucket, Ports
from runs.budget import Budget
from runs.record import Run, fail_run
from settings import Settings


@dataclass(frozen=True)
class Place:
    """Where a slice ended, and whether there is nothing left to do for this pass."""

    stopped: str
    ended: bool
    subrequests: int = 0


@dataclass(frozen=True)
class Slicing:
    """What the slices of an instance walk with; `early` is what one of them began to list for the next one."""

    ports: Ports
    settings: Settings
    instance: Instance
    early: Early

    @property
    def bucket(self) -> Bucket:
        """The bucket."""
        return self.ports.buckets[self.instance.bucket]


async def walk_once(slicing: Slicing, run: Run) -> Place:
    """Walk a slice under a run that has the lease, and close the run; raises what ended it otherwise."""
    settings = slicing.settings
    budget = Budget.of_run(run, settings.tick_seconds, settings.tick_max_objects).part("walk")
    try:
        report = await _walked(slicing, run, budget)
    except Exception as error:
        await fail_run(run, error, cost=budget.cost)
        raise
    await run.close("succeeded", counts=_counts(report), cost=budget.cost)
    if report is None:
        return Place("the pass ended, or another began", ended=True)
    return Place(str(report.stopped), report.complete, budget.cost.subrequests + run.overhead.subrequests)


async def _walked(slicing: Slicing, run: Run, budget: Budget) -> SliceReport | None:
    """Walk; None where the stored pass is not that of the instance, or is complete."""
    ports, settings, instance = slicing.ports, slicing.settings, slicing.instance
    progress = Progress(ports, instance.bucket, "")
    # A slice takes a second: to wait for one answer after the other would be two hundredths of it.
    reading = asyncio.ensure_future(read_target(ports.database, instance.bucket, "", live=True))
    try:
        stored = await progress.load()
        if stored is None or stored.completed_at or stored.pass_started_at != instance.pass_started_at:
            return None
        target = await reading
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    spec = WalkSpec.of(settings, target, ports.database, slicing.early.of(slicing.bucket), budget)
    report = await walk_slice(run, spec, progress)
    if report.failure:
        raise report.failure
    await slicing.early.close()
    if report.stopped == "max_objects":
        # R2 lists on while this slice ends and the next one opens, which takes as long.
        slicing.early.list_on(slicing.bucket, report.ranges, spec.lanes, settings.tick_max_objects)
    return report


def _counts(report: SliceReport | None) -> dict[str, object]:
    if report is None:
        return {"not_walked": "the pass ended, or another began"}
    place = {"complete": report.complete, "last_key": report.position.last_key, "stopped_because": report.stopped}
    return {**report.counts.report(), **report.page_counts(), **place}
