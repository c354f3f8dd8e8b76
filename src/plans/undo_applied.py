"""A live undo that does only what its plan says."""

from __future__ import annotations

from dataclasses import dataclass

from plans.applying import Applying
from plans.opening import begin_plan, ready_for, seen_plan
from plans.undo_change import OrphansBack, Restores
from plans.work import Work, begin_work
from ports import Ports, Statement
from recovery.restore import Restored, Undoing
from recovery.undo import make_room
from recovery.undo_run import undo_run
from runs.budget import Budget
from settings import Settings


async def undo_by_plan(ports: Ports, settings: Settings, plan_id: int, target: int) -> dict[str, object]:
    """Do one call of the undo of run `target` by a plan and return its report.

    Raises what `undo_run` and `ready_plan` raise.
    """
    await seen_plan(ports.database, ports.clock, settings, plan_id, "undo")
    by_plan = _ByPlan(settings, plan_id)
    body = await undo_run(ports, settings, target, by_plan.undo)
    return {**body, "plan": by_plan.work.report() if by_plan.work else None}


@dataclass
class _ByPlan:
    settings: Settings
    plan: int
    work: Work | None = None

    async def undo(self, undoing: Undoing, budget: Budget, pause: Statement) -> tuple[Restored, bool]:
        """Undo what the plan says; return what came back, and whether all of it was taken."""
        plan = await ready_for(undoing.database, undoing.run, self.settings, self.plan, undoing.schema)
        await begin_plan(undoing.database, undoing.run, undoing.number, self.settings, plan)
        merges, orphans = "restore" in plan.totals, "orphan" in plan.totals
        if not undoing.forgotten:
            await make_room(undoing, pause, merges=merges, orphans=orphans)
        self.work = await begin_work(undoing.database, undoing.run, plan)
        restores, back = Restores(undoing), OrphansBack(undoing)
        more = False
        for change in (restores, back):
            applying = Applying(self.work, change, budget.part("merge"))
            await applying.run()
            more = applying.more
            if more:
                break
        if not more:
            await self.work.end()
        return restores.restored + back.restored, not more
