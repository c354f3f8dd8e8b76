"""The part of a tick that checks: fast, or full when the last full check is old or under way."""

from __future__ import annotations

from datetime import timedelta

from cron.state import Tick
from invariants.full_check import full_check_due
from invariants.spec import Checking
from invariants.work import check
from plans.tidying import drop_old
from recovery.guards_run import keep_set_up
from reporting.history import keep_day

HISTORY = 9
"""Queries that the history of a day takes, and the alerts after it."""


async def guards_part(tick: Tick, *, tidies: bool) -> object:
    """Keep the guards and what else the first tick sets up as they were asked for; where it tidies, drop old plans."""
    if tidies:
        await drop_old(tick.ports)
    return await keep_set_up(tick.ports, tick.settings, tick.run)


async def history_part(tick: Tick) -> dict[str, object]:
    """Add to the day's history what the check found, and what runs took; where queries are few, another tick does."""
    if not tick.budget.has(HISTORY):
        return {"not_kept": "the tick's budget is used up"}
    database, now = tick.budget.metered(tick.ports.database), tick.ports.clock.now()
    found = tick.counts.get("check")
    if not isinstance(found, dict) or "invariants" not in found:
        return await keep_day(database, now, {}, counted=False)
    known = {one["name"]: one["violations"] for one in found["invariants"] if one["violations"] is not None}
    return await keep_day(database, now, known, counted=found["mode"] == "full" and found["complete"])


async def check_part(tick: Tick) -> dict[str, object]:
    """Check within half of the tick's time, and return what was found."""
    settings = tick.settings
    due = await full_check_due(tick.ports.database, tick.ports.clock.now(), settings.full_check_hours)
    half = tick.run.started_at + timedelta(seconds=settings.tick_seconds) / 2
    budget = tick.budget.part("check", until=half)
    how = Checking("full" if due else "fast", budget, resume=True, renew=tick.run.renew, range_rows=tick.range_rows)
    outcome = await check(tick.ports, settings, how)
    for verdict in outcome.verdicts:
        if verdict.outcome == "not_checked" and verdict.severity == "error" and outcome.complete:
            tick.errors.append(f"check of {verdict.name}: {verdict.reason}")
    return outcome.summary()
