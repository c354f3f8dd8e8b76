"""The part of a tick that walks: every bucket whose pass is under way or due, each with a fair share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sql
from backfill.passes import Pass
from backfill.progress import Progress
from backfill.slice import walk_slice
from backfill.spec import WalkSpec
from backfill.target import read_target
from cron.state import Tick
from errors import RefusedError
from runs.budget import Budget
from runs.pause import read_control


@dataclass(frozen=True)
class BucketWalk:
    """What a tick says of one bucket, and how many objects it listed there."""

    report: dict[str, object]
    scanned: int = 0


async def walk_buckets(tick: Tick) -> dict[str, object]:
    """Walk every bucket that is due, each with an even share of what is left of the budget; return what each did."""
    if tick.settings.backfill_mode == "off":
        return {"not_walked": "BACKFILL_MODE is off"}
    if tick.run.paused_by is not None:
        return {"not_walked": f"paused by {tick.run.paused_by}"}
    left, budget = tick.settings.tick_max_objects, tick.budget.part("walk")
    report: dict[str, object] = {}
    waiting = await _due_buckets(tick, report)
    for index, (bucket, progress) in enumerate(waiting):
        try:
            walked = await _walk_bucket(tick, bucket, progress, budget.share(len(waiting) - index, left))
        except Exception as error:  # noqa: BLE001  # noted; the other buckets have their turn
            walked = BucketWalk(tick.failed(f"backfill of {bucket}", error))
        report[bucket] = walked.report
        left -= walked.scanned
    return {bucket: report[bucket] for bucket in tick.settings.buckets}


async def _due_buckets(tick: Tick, report: dict[str, object]) -> list[tuple[str, Progress]]:
    """Return the buckets to walk, the one whose turn it is first, and report why the others are not walked."""
    found: list[tuple[str, Progress]] = []
    copy_every = tick.settings.limits.copy_every(len(tick.settings.buckets))
    for bucket in tick.settings.buckets:
        progress = Progress(tick.ports, bucket, "", copy_every)
        try:
            stored = await progress.load()
        except Exception as error:  # noqa: BLE001  # noted; the other buckets have their turn
            report[bucket] = tick.failed(f"backfill of {bucket}", error)
            continue
        if stored is None or due(tick, stored):
            found.append((bucket, progress))
        else:
            report[bucket] = not_due(stored)
    return await _in_turn(tick, found) if len(found) > 1 else found


def due(tick: Tick, stored: Pass) -> bool:
    """Tell whether a pass is under way, or the next one is due."""
    if stored.completed_at is None:
        return True
    ended = datetime.fromisoformat(stored.completed_at)
    return tick.ports.clock.now() - ended >= timedelta(hours=tick.settings.pass_interval_hours)


def not_due(stored: Pass) -> dict[str, object]:
    """Return what a tick says of a bucket whose next pass is not due."""
    return {"not_walked": f"the pass ended at {stored.completed_at}"}


async def _in_turn(tick: Tick, found: list[tuple[str, Progress]]) -> list[tuple[str, Progress]]:
    """Return the due buckets in their order, beginning with the one that follows the last tick's first.

    What is left over of a share goes to those that follow, so each due bucket is first once in as many ticks as there
    are due buckets, whatever else ran meanwhile.
    """
    names = list(tick.settings.buckets)
    last = (await read_control(tick.ports.database))["walked_first"]
    start = names.index(str(last)) + 1 if last in names else 0
    waiting = dict(found)
    order = [name for name in names[start:] + names[:start] if name in waiting]
    await tick.ports.database.batch([sql.statement("control/write_turn", bucket=order[0])])
    return [(name, waiting[name]) for name in order]


async def _walk_bucket(tick: Tick, bucket: str, progress: Progress, share: Budget) -> BucketWalk:
    """Walk one bucket if there is something left for it."""
    if share.max_objects == 0 or tick.budget.spent() == "time":
        return BucketWalk({"not_walked": "the tick's budget is used up"})
    live, ports = tick.settings.backfill_mode == "live", tick.ports
    try:
        target = await read_target(ports.database, bucket, "", live=live, heed_pause=True)
    except RefusedError as error:
        if error.reason != "paused":
            raise
        return BucketWalk({"not_walked": error.sentence()})
    spec = WalkSpec.of(tick.settings, target, ports.database, ports.buckets[bucket], share)
    report = await walk_slice(tick.run, spec, progress)
    stopped: str | None = report.stopped
    if report.failure:
        stopped = f"error: {tick.failed(f'backfill of {bucket}', report.failure)['error']}"
    counts = {**report.counts.report(), **report.page_counts()}
    place = {"complete": report.complete, "last_key": report.position.last_key}
    return BucketWalk({**counts, **place, "stopped_because": stopped}, report.counts.scanned)
