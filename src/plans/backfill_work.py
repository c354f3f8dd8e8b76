"""One call of a backfill by a plan, and what it reports."""

from __future__ import annotations

from backfill.counts import Counts
from plans.applying import Applying
from plans.backfill_change import Writes
from plans.opening import begin_plan
from plans.plan import Plan
from plans.work import Work, begin_work
from runs.budget import Budget
from settings import Settings


async def write_by_plan(writes: Writes, budget: Budget, settings: Settings, plan: Plan) -> dict[str, object]:
    """Write what the call can of the plan, and return the body of the answer."""
    run, database = writes.run, writes.listed.database
    await begin_plan(database, run, run.id, settings, plan)
    work = await begin_work(database, run, plan)
    before = work.dealt_with
    applying = Applying(work, writes, budget.part("walk"), look=writes.listed.look)
    await applying.run()
    if not applying.more:
        await work.end()
    stopped = (budget.part("walk").spent() or "time") if applying.more else "end"
    counts = _counts(work, writes, before)
    return {**_place(writes, more=applying.more), **counts, **_spent(writes, budget, stopped), "plan": work.report()}


def _counts(work: Work, writes: Writes, before: int) -> dict[str, object]:
    """Return what became of the items; what was left out is unchanged."""
    scanned, written = work.dealt_with - before, writes.inserted + writes.upgraded
    return Counts(scanned, writes.inserted, writes.upgraded, unchanged=scanned - written).report()


def _place(writes: Writes, *, more: bool) -> dict[str, object]:
    named = {"run_id": writes.run.id, "dry_run": False, "r2_bucket": writes.target.bucket}
    return {**named, "r2_prefix": writes.target.prefix, "truncated": more, "cursor": None, "start_after": None}


def _spent(writes: Writes, budget: Budget, stopped: str) -> dict[str, object]:
    took = {"cost": budget.cost.report(), "duration_ms": writes.run.elapsed_ms()}
    return {"pages": writes.listed.pages, **took, "stopped_because": stopped}
