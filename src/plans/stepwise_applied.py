"""A recovery that does only what its plan says, where one call has few queries: one step a call."""

from __future__ import annotations

from dataclasses import dataclass

from plans.by_plan import ByPlan
from plans.recovery_begun import begin_recovery, continue_recovery
from plans.stepwise_merged import merged_by_plan
from plans.stepwise_repaired import orphans_by_plan, types_by_plan
from recovery.checkpoint import NOWHERE, Checkpoint
from recovery.steps import ClassifyStep, Step
from stepwise.judging import refuse_many
from stepwise.merging import SomeMerged
from stepwise.saga import StepwiseSaga

MOST_REFERENCES = 2
"""The transaction of a chunk also looks whether the rows of each are as they were planned."""


@dataclass
class StepwiseApplied(ByPlan, StepwiseSaga):
    """One call of it."""

    async def beginning(self) -> Checkpoint:
        """Return where the call begins; raises RefusedError where the plan may not be applied any more."""
        start = await super().beginning()
        if start != NOWHERE and self.keeps_to is not None:
            self.work = await continue_recovery(self.call, self.schema, self.keeps_to)
        return start

    async def judge(self) -> None:
        """Begin the plan. Raises RefusedError where it may not be, or would delete more rows than the call may."""
        refuse_many(self.schema, MOST_REFERENCES)
        self.work, _ = await begin_recovery(self.call, self.schema, self.keeps_to or 0)

    async def merge_some(self, start: Checkpoint) -> SomeMerged:
        """Merge the next objects of the plan."""
        return await merged_by_plan(self.call, self.schema, self.at_work, looked=bool(start.smaller))

    async def classify_some(self, start: Checkpoint) -> tuple[ClassifyStep, bool]:  # noqa: ARG002  # the plan says where
        """Give the next unknown rows the types that the plan says."""
        return await types_by_plan(self.call, self.schema, self.at_work)

    async def point_orphans(self) -> tuple[Step, bool]:
        """Point the next orphans at the winners that the plan says."""
        return await orphans_by_plan(self.call, self.schema, self.at_work)

    async def _resumed(self, start: Checkpoint) -> Checkpoint:
        following = await super()._resumed(start)
        await self.at_work.end()
        return following
