"""A live backfill that does only what its plan says."""

from __future__ import annotations

from dataclasses import replace

from backfill.opening import opened
from backfill.request import BackfillRequest
from plans.backfill_change import Writes
from plans.backfill_listing import listed_by
from plans.backfill_work import write_by_plan
from plans.opening import ready_plan
from ports import Ports
from runs.budget import Budget
from runs.record import fail_run
from settings import Settings

SECONDS = 60
"""A call starts no new transaction after this; the answer then says that it is `truncated`."""


async def backfill_by_plan(ports: Ports, settings: Settings, plan_id: int, *, spread: bool) -> dict[str, object]:
    """Do one call of the backfill by a plan, return its report; raises what `run_backfill` and `ready_plan` raise."""
    plan = await ready_plan(ports.database, ports.clock, settings, plan_id, "backfill")
    # What is foretold of a walk is foretold of its objects: those of the plan.
    most = max(1, plan.items)
    request = replace(BackfillRequest(**plan.request), dry_run=False, plan=plan_id, max_objects=most, spread=spread)
    target, run = await opened(ports, settings, str(request.r2_bucket), request)
    budget = Budget.of_run(run, SECONDS)
    try:
        plan = await ready_plan(ports.database, ports.clock, settings, plan_id, "backfill")
        writes = Writes(run, target, listed_by(ports, run, target, budget), settings.clock_slack_seconds)
        body = await write_by_plan(writes, budget, settings, plan)
    except Exception as error:
        await fail_run(run, error, cost=budget.cost)
        raise
    await run.close("stopped" if body["truncated"] else "succeeded", counts=body, cost=budget.cost)
    return body
