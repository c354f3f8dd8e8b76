"""The parts of a tick, in their order."""

from __future__ import annotations

from cron.checks import check_part, guards_part, history_part
from cron.flows import pass_part
from cron.missing import verify_missing
from cron.state import Tick
from cron.turns import turn
from reporting.alerts import add_failed_tick, send_alerts


async def work(tick: Tick) -> None:
    """Do the parts whose turn it is; one that fails is noted, and the others are done."""
    now = await turn(tick)
    await tick.part("guards", lambda: guards_part(tick, tidies=now.walks))
    if now.checks:
        await tick.part("check", lambda: check_part(tick))
        await tick.part("history", lambda: history_part(tick))
    if now.walks:
        await tick.part("backfill", lambda: pass_part(tick))
    if tick.settings.backfill_mode == "live" and tick.run.paused_by is None:
        await tick.part("missing", lambda: verify_missing(tick))
    await tick.part("alerts", lambda: _alerts(tick))


async def _alerts(tick: Tick) -> dict[str, int]:
    """Tell of a failed tick and of every change; one that is not taken waits for the next tick."""
    if tick.errors and tick.settings.alerting:
        await add_failed_tick(tick.ports.database, tick.ports.clock.now(), tick.run.id, tick.errors)
    return await send_alerts(tick.ports, tick.settings)
