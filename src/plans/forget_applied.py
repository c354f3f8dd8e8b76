"""A live forgetting that does only what its plan says."""

from __future__ import annotations

from dataclasses import dataclass

from forget.call import Call
from forget.gone import Counted, Gone
from forget.judging import Judged, judged
from forget.taking import prepare
from forget.work import FEW_OBJECTS
from plans.applying import Applying
from plans.forget_change import PORTION, Forgets
from plans.opening import begin_plan, ready_for
from plans.work import Portion, Work, begin_work

FEW = Portion(FEW_OBJECTS, PORTION.rows)


@dataclass(frozen=True)
class ForgetByPlan:
    """One call by a plan."""

    plan: int

    async def take(self, call: Call, buckets: tuple[str, ...]) -> dict[str, object]:
        """Forget what the plan says, as far as the call's budget goes; return the body of the answer.

        Raises RefusedError, before anything is changed, where the plan may not be applied.
        """
        schema = await call.schema()
        plan = await ready_for(call.database, call.run, call.settings, self.plan, schema)
        rows = plan.totals.get("rows_deleted", 0)
        judgement = await judged(call, schema, Counted(rows, 0 if plan.begun else rows, {}))
        await begin_plan(call.database, call.run, call.run.id, call.settings, plan)
        gone = Gone(schema, buckets)
        if rows:
            await prepare(call, gone)
        work = await begin_work(call.database, call.run, plan)
        forgets = Forgets(call, gone, portion=FEW if call.few else PORTION)
        applying = Applying(work, forgets, call.budget.part("merge"), look=forgets.look)
        await applying.run()
        if not applying.more:
            await work.end()
        return _report(forgets, judgement, work, done=not applying.more)


def _report(forgets: Forgets, judgement: Judged, work: Work, *, done: bool) -> dict[str, object]:
    counts = {"gone": work.plan.items, "forgotten": forgets.forgotten, "still_there": forgets.still_there}
    nothing: dict[str, object] = {"held": {}, "left": [], "sample": [], "sample_held": [], "refused": None}
    begun = {"run_id": forgets.call.run.id, "dry_run": False, "done": done}
    return {**begun, **counts, **nothing, "mentions": list(judgement.mentions), "plan": work.report()}
