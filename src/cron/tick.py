"""One firing of the cron trigger: lease → parts → the run's row. One part failing never stops the others."""

from __future__ import annotations

from datetime import timedelta

import log
from cron.passes import walk_buckets
from cron.state import Tick
from database.key_ranges import RANGE_ROWS
from errors import RefusedError
from invariants.run import Checking, check, full_check_due
from ports import Ports
from recovery.guards_run import keep_set_up
from reporting.alerts import add_failed_tick, heartbeat, send_alerts
from runs.budget import Budget
from runs.record import Opening, open_run
from settings import Settings


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
    tick = Tick(ports, settings, run, Budget.of_run(run, settings.tick_seconds))
    await tick.part("guards", lambda: keep_set_up(tick.ports, tick.settings, tick.run))
    await tick.part("check", lambda: _check(tick, range_rows))
    await tick.part("backfill", lambda: walk_buckets(tick))
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
    await tick.run.close(status, counts=tick.counts, cost=tick.budget.cost, error=error)
    now = tick.ports.clock.now()
    log.write(now, "error" if error else "info", "tick", run_id=tick.run.id, status=status, error=error)
    return {"run_id": tick.run.id, "status": status, "counts": tick.counts}


async def _check(tick: Tick, range_rows: int) -> dict[str, object]:
    """Check fast, or full when the last full check is old or under way."""
    database = tick.ports.database
    due = await full_check_due(database, tick.ports.clock.now(), tick.settings.full_check_hours)
    half = tick.run.started_at + timedelta(seconds=tick.settings.tick_seconds) / 2
    budget = tick.budget.part("check", until=half)
    how = Checking("full" if due else "fast", budget, resume=True, renew=tick.run.renew, range_rows=range_rows)
    outcome = await check(tick.ports, tick.settings, how)
    for verdict in outcome.verdicts:
        if verdict.outcome == "not_checked" and verdict.severity == "error" and outcome.complete:
            tick.errors.append(f"check of {verdict.name}: {verdict.reason}")
    return outcome.summary()


async def _alerts(tick: Tick) -> dict[str, int]:
    """Tell of a failed tick and of every change; one that is not taken waits for the next tick."""
    if tick.errors and tick.settings.alerting:
        await add_failed_tick(tick.ports.database, tick.ports.clock.now(), tick.run.id, tick.errors)
    return await send_alerts(tick.ports, tick.settings)
