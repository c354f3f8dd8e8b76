"""The saga of a recovery that does only what its plan says."""

from __future__ import annotations

from dataclasses import dataclass

from plans.by_plan import ByPlan
from plans.recovery_begun import begin_recovery
from plans.recovery_merged import MergeByPlan
from plans.recovery_repaired import RepairByPlan
from recovery.checkpoint import NOWHERE, Checkpoint
from recovery.dedupe import Deduped
from recovery.judging import Judged
from recovery.repair import Repair
from recovery.steps import Repaired


@dataclass
class AppliedSaga(ByPlan):
    """A recovery by a plan, in one round."""

    plan: int = 0
    rounds: int = 1

    async def take(self) -> None:
        """Take the steps, and note that the plan is applied once all are taken."""
        await super().take()
        if self.done and self.work:
            await self.work.end()

    async def judged(self) -> tuple[Judged, Checkpoint]:
        """Begin the plan. Raises RefusedError where it may not be, or would delete more rows than the call may."""
        self.work, judgement = await begin_recovery(self.call, self.schema, self.plan)
        return judgement, NOWHERE

    async def merge(self, judgement: Judged, start: Checkpoint) -> Deduped:  # noqa: ARG002  # the plan says both
        """Merge what the plan says."""
        await self._begin("dedupe")
        step = await MergeByPlan(self.call, self.schema, self.at_work).take()
        self._end(step)
        return Deduped(step, None)

    async def repaired(self, repair: Repair) -> Repaired | None:
        """Create the index and the guards, and repair what the plan says; None where a further call is needed."""
        return await RepairByPlan(repair, self.at_work).take(self._step)
