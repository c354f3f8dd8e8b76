"""One firing of the cron trigger: lease → parts → the run's row. One part failing never stops the others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import log
import sql
from backfill.cursor import START
from backfill.progress import Pass, Progress
from backfill.run import prepare, walk_slice
from backfill.walk import SUBREQUEST_BUDGET, Limits, Walk
from database.key_ranges import RANGE_ROWS
from errors import RefusedError
from invariants.run import check, full_check_due
from ports import Ports
from recovery.set_up import keep_set_up
from reporting.alerts import add_failed_tick, heartbeat, send_alerts
from runs.costs import Cost
from runs.pause import read_control
from runs.record import Opening, Run, open_run, our_error
from settings import Settings


@dataclass
class Tick:
    """A tick under way: what each part reports, what failed, and what it cost."""

    ports: Ports
    settings: Settings
    run: Run
    counts: dict[str, object] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    cost: Cost = field(default_factory=Cost)
    range_rows: int = RANGE_ROWS

    @property
    def deadline(self) -> datetime:
        """When no new page starts."""
        return self.run.started_at + timedelta(seconds=self.settings.tick_seconds)

    async def part(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """Do one part of the tick; its failure is noted under its name and does not stop the next."""
        try:
            self.counts[name] = await work()
        except Exception as error:  # noqa: BLE001  # one part failing never stops the others
            self.counts[name] = self.failed(name, error)

    def failed(self, what: str, error: Exception) -> dict[str, object]:
        """Note that something failed, and return what the report says of it."""
        known = our_error(self.run, error)
        self.errors.append(f"{what}: {known.sentence()}")
        told: dict[str, object] = {"error": known.sentence()}
        return {**told, "refused": known.reason} if isinstance(known, RefusedError) else told


async def run_tick(ports: Ports, settings: Settings, cron: str, range_rows: int = RANGE_ROWS) -> dict[str, object]:
    """Do one tick and return its run id, status and counts; a tick that finds the lease taken is `skipped`.

    No query of its check takes more than about `range_rows` rows.

    Raises nothing for a failed part: the tick ends as failed with every part's error in its row.
    """
    try:
        opening = Opening("tick", settings.backfill_mode, "cron", {"cron": cron}, exclusive=True)
        run = await open_run(ports.database, ports.clock, opening)
    except RefusedError as error:
        log.write(ports.clock.now(), "info", "tick_skipped", why=error.sentence())
        return {"run_id": None, "status": "skipped", "why": error.sentence()}
    tick = Tick(ports, settings, run, range_rows=range_rows)
    await tick.part("guards", lambda: keep_set_up(tick.ports, tick.settings, tick.run))
    await tick.part("check", lambda: _check(tick))
    await tick.part("backfill", lambda: _backfill(tick))
    await tick.part("alerts", lambda: _alerts(tick))
    try:
        outcome = await _close(tick)
    except Exception:
        await heartbeat(ports, settings, failed=True)
        raise
    await heartbeat(ports, settings, failed=bool(tick.errors))
    return outcome


async def _close(tick: Tick) -> dict[str, object]:
    status = "failed" if tick.errors else "succeeded"
    error = "\n".join(tick.errors) or None
    await tick.run.close(status, counts=tick.counts, cost=tick.cost, error=error)
    now = tick.ports.clock.now()
    log.write(now, "error" if error else "info", "tick", run_id=tick.run.id, status=status, error=error)
    return {"run_id": tick.run.id, "status": status, "counts": tick.counts}


async def _check(tick: Tick) -> dict[str, object]:
    """Check fast, or full when the last full check is old or under way."""
    database = tick.ports.database
    due = await full_check_due(database, tick.ports.clock.now(), tick.settings.full_check_hours)
    half = tick.run.started_at + timedelta(seconds=tick.settings.tick_seconds) / 2
    mode = "full" if due else "fast"
    outcome = await check(tick.ports, tick.settings, mode, half, tick.range_rows, go_on=True, keep=tick.run.renew)
    tick.cost.add(outcome.cost)
    for verdict in outcome.verdicts:
        if verdict.outcome == "not_checked" and verdict.severity == "error" and outcome.complete:
            tick.errors.append(f"check of {verdict.name}: {verdict.reason}")
    return outcome.summary()


async def _alerts(tick: Tick) -> dict[str, int]:
    """Tell of a failed tick and of every change; one that is not taken waits for the next tick."""
    if tick.errors and tick.settings.alerting:
        await add_failed_tick(tick.ports.database, tick.ports.clock.now(), tick.run.id, tick.errors)
    return await send_alerts(tick.ports, tick.settings)


async def _backfill(tick: Tick) -> dict[str, object]:
    """Walk every bucket whose pass is under way or due, each with an even share of what is left of the budgets."""
    if tick.settings.backfill_mode == "off":
        return {"not_walked": "BACKFILL_MODE is off"}
    if tick.run.paused_by is not None:
        return {"not_walked": f"paused by {tick.run.paused_by}"}
    left = tick.settings.tick_max_objects
    report: dict[str, object] = {}
    due = await _due_buckets(tick, report)
    for index, (bucket, progress) in enumerate(due):
        share = _share(tick, left, len(due) - index)
        try:
            report[bucket], scanned = await _bucket(tick, bucket, progress, share)
            left -= scanned
        except Exception as error:  # noqa: BLE001  # noted; the other buckets have their turn
            report[bucket] = tick.failed(f"backfill of {bucket}", error)
    return {bucket: report[bucket] for bucket in tick.settings.buckets}


async def _due_buckets(tick: Tick, report: dict[str, object]) -> list[tuple[str, Progress]]:
    """Return the buckets to walk, the one whose turn it is first, and report why the others are not walked."""
    due: list[tuple[str, Progress]] = []
    for bucket in tick.settings.buckets:
        progress = Progress(tick.ports.store, tick.ports.clock, bucket, "")
        try:
            stored = await progress.load()
        except Exception as error:  # noqa: BLE001  # noted; the other buckets have their turn
            report[bucket] = tick.failed(f"backfill of {bucket}", error)
            continue
        if _due(tick, stored):
            due.append((bucket, progress))
        else:
            report[bucket] = {"not_walked": f"the pass ended at {stored.completed_at if stored else None}"}
    return await _in_turn(tick, due) if len(due) > 1 else due


async def _in_turn(tick: Tick, due: list[tuple[str, Progress]]) -> list[tuple[str, Progress]]:
    """Return the due buckets in their order, beginning with the one that follows the last tick's first.

    What is left over of a share goes to those that follow, so each due bucket is first once in as many ticks as there
    are due buckets, whatever else ran meanwhile.
    """
    names = list(tick.settings.buckets)
    last = (await read_control(tick.ports.database))["walked_first"]
    start = names.index(str(last)) + 1 if last in names else 0
    waiting = dict(due)
    order = [name for name in names[start:] + names[:start] if name in waiting]
    await tick.ports.database.batch([sql.statement("control/write_turn", bucket=order[0])])
    return [(name, waiting[name]) for name in order]


def _share(tick: Tick, left: int, buckets: int) -> Limits:
    """Return what one of so many buckets may use of the objects left, the time and the subrequests."""
    now, spent = tick.ports.clock.now(), tick.cost.subrequests
    until = now + (tick.deadline - now) / buckets
    return Limits(-(-left // buckets), until, spent + (SUBREQUEST_BUDGET - spent) // buckets)


async def _bucket(tick: Tick, bucket: str, progress: Progress, share: Limits) -> tuple[dict[str, object], int]:
    """Walk one bucket if there is something left for it; return its report and the objects listed."""
    if share.max_objects <= 0 or tick.ports.clock.now() >= tick.deadline:
        return {"not_walked": "the tick's budget is used up"}, 0
    try:
        return await _walk(tick, bucket, progress, share)
    except RefusedError as error:
        if error.reason != "paused":
            raise
        return {"not_walked": error.sentence()}, 0


def _due(tick: Tick, stored: Pass | None) -> bool:
    if stored is None or stored.completed_at is None:
        return True
    ended = datetime.fromisoformat(stored.completed_at)
    return tick.ports.clock.now() - ended >= timedelta(hours=tick.settings.pass_interval_hours)


async def _walk(tick: Tick, bucket: str, progress: Progress, share: Limits) -> tuple[dict[str, object], int]:
    target = await prepare(tick.ports, bucket, "", live=tick.settings.backfill_mode == "live", heed_pause=True)
    walk = Walk(target, tick.ports.database, tick.ports.buckets[bucket], tick.ports.clock, START)
    walk.cost = tick.cost
    try:
        reason = await walk_slice(tick.run, walk, share, progress)
    except Exception as error:  # noqa: BLE001  # noted; what was walked is told, and the other buckets have their turn
        reason = f"error: {tick.failed(f'backfill of {bucket}', error)['error']}"
    report = {
        **walk.counts.report(),
        **walk.page_counts(),
        "complete": walk.complete,
        "last_key": walk.position.last_key,
        "stopped_because": reason,
    }
    return report, walk.counts.scanned
