"""A recovery that does only what its plan says, where one call has few queries: one step a call."""

from __future__ import annotations

from dataclasses import dataclass

from plans.opening import ready_for
from plans.recovery_begun import begin_recovery
from plans.stepwise_merged import merged_by_plan
from plans.stepwise_repaired import orphans_by_plan, types_by_plan
from plans.work import Work, begin_work
from recovery.checkpoint import NOWHERE, Checkpoint
from recovery.steps import ClassifyStep, Step
from stepwise.judging import refuse_many
from stepwise.merging import SomeMerged
from stepwise.saga import StepwiseSaga

MOST_REFERENCES = 2
"""The transaction of a chunk also looks whether the rows of each are as they were planned."""


@dataclass
class StepwiseApplied(StepwiseSaga):
    """One call of it."""

    work: Work | None = None

    @property
    def at_work(self) -> Work:
        """The work on the plan, once it is begun."""
        if self.work is None:
            raise ValueError("the plan is not begun")
        return self.work

    async def beginning(self) -> Checkpoint:
        """Return where the call begins; raises RefusedError where the plan may not be applied any more."""
        start, call = await super().beginning(), self.call
        if start != NOWHERE and self.keeps_to is not None:
            plan = await ready_for(call.database, call.run, call.settings, self.keeps_to, self.schema)
            self.work = await begin_work(call.database, call.run, plan)
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

    def report(self) -> dict[str, object]:
        """Return the body of `POST /recover`."""
        return {**super().report(), "plan": self.work.report() if self.work else None}
