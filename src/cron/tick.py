"""One firing of the cron trigger: lease → parts → the run's row. One part failing never stops the others."""

from __future__ import annotations

import log
from cron.state import Tick
from cron.work import work
from errors import RefusedError
from ports import Ports
from reporting.alerts import heartbeat
from runs.record import Opening, open_run
from settings import Settings


async def run_tick(ports: Ports, settings: Settings, cron: str, range_rows: int | None = None) -> dict[str, object]:
    """Do one tick and return its run id, status and counts; a tick that finds the lease taken is `skipped`.

    No query of its check takes more than about `range_rows` rows.

    Raises nothing for a failed part: the tick ends as failed with every part's error in its row.
    """
    try:
        opening = Opening(
            "tick", settings.backfill_mode, "cron", {"cron": cron}, exclusive=True, daily=settings, waits=True
        )
        run = await open_run(ports.database, ports.clock, opening)
    except RefusedError as error:
        log.write(ports.clock.now(), "info", "tick_skipped", why=error.sentence())
        return {"run_id": None, "status": "skipped", "why": error.sentence()}
    tick = Tick.begun(ports, settings, run, range_rows)
    await work(tick)
    try:
        outcome = await _close(tick)
    except Exception:
        await heartbeat(ports, settings, failed=True)
        raise
    await heartbeat(ports, settings, failed=bool(tick.errors))
    return outcome


async def _close(tick: Tick) -> dict[str, object]:
    error = "\n".join(tick.errors) or None
    await tick.run.close(tick.status, counts=tick.counts, cost=tick.budget.cost, error=error)
    now = tick.ports.clock.now()
    log.write(now, "error" if error else "info", "tick", run_id=tick.run.id, status=tick.status, error=error)
    return {"run_id": tick.run.id, "status": tick.status, "counts": tick.counts}
