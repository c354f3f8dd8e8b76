"""The saga of a recovery that does only what its plan says."""

from __future__ import annotations

from dataclasses import dataclass

from errors import RefusedError
from plans.opening import begin_plan, end_plan, ready_plan
from plans.recovery_merged import MergeByPlan
from plans.work import Work, begin_work
from recovery.checkpoint import NOWHERE, Checkpoint
from recovery.dedupe import Deduped
from recovery.judging import Judged, judged
from recovery.plan import Plan as Foretold
from recovery.saga import Saga


@dataclass
class AppliedSaga(Saga):
    """A recovery by a plan, in one round."""

    plan: int = 0
    work: Work | None = None
    rounds: int = 1

    async def take(self) -> None:
        """Take the steps, and note that the plan is applied once all are taken."""
        await super().take()
        if self.done and self.work:
            await end_plan(self.call.database, self.call.run, self.work.plan)

    async def judged(self) -> tuple[Judged, Checkpoint]:
        """Begin the plan. Raises RefusedError where it may not be, or would delete more rows than the call may."""
        call = self.call
        plan = await ready_plan(call.database, call.run.clock, call.settings, self.plan, "recovery")
        deletes = plan.totals.get("rows_deleted", 0)
        if deletes > call.max_deletes and not plan.begun:
            raise _over_cap(plan.id, deletes, call.max_deletes)
        judgement = Judged(Foretold(plan.totals.get("merge", 0), deletes, 0, 0, {}, None, (), ()))
        judgement = await judged(call, self.schema, judgement) if deletes else judgement
        await begin_plan(call.database, call.run, call.settings, plan)
        self.work = await begin_work(call.database, call.run, plan)
        return judgement, NOWHERE

    async def merge(self, judgement: Judged, start: Checkpoint) -> Deduped:  # noqa: ARG002  # the plan says both
        """Merge what the plan says."""
        await self._begin("dedupe")
        step = await MergeByPlan(self.call, self.schema, self.at_work).take()
        self._end(step)
        return Deduped(step, None)

    @property
    def at_work(self) -> Work:
        """The work on the plan, once it is begun."""
        if self.work is None:
            raise ValueError("the plan is not begun")
        return self.work

    def report(self) -> dict[str, object]:
        """Return the body of `POST /recover`."""
        return {**super().report(), "plan": self.work.report() if self.work else None}


def _over_cap(plan: int, deletes: int, most: int) -> RefusedError:
    message = f"Plan {plan} would delete {deletes} duplicate rows, and the request may delete {most}."
    return RefusedError("max_deletes", message, hint=f"Send max_deletes: {deletes} with this request.")
