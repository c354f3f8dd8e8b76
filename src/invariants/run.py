"""A manual check as a recorded run. It always starts from the beginning, so that its answer is about now."""

from __future__ import annotations

from invariants.spec import Checking
from invariants.work import check
from ports import Ports
from runs.budget import Budget
from runs.record import Opening, fail_run, open_run
from settings import Settings
from words import CheckMode

MANUAL_SECONDS = 60
"""`POST /check` starts no new query after this."""


async def run_check(ports: Ports, settings: Settings, mode: CheckMode) -> dict[str, object]:
    """Do one manual check, recorded as a run, and return its report."""
    opening = Opening("check", mode, "http", {"mode": mode}, exclusive=False, asker=ports.asker, daily=settings)
    run = await open_run(ports.database, ports.clock, opening)
    budget = Budget.of_run(run, MANUAL_SECONDS).part("check")
    try:
        outcome = await check(ports, settings, Checking(mode, budget, renew=run.renew))
    except Exception as error:
        await fail_run(run, error)
        raise
    await run.close("succeeded" if outcome.complete else "stopped", counts=outcome.summary(), cost=budget.cost)
    return {"run_id": run.id, **outcome.report()}
