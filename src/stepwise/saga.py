"""The order of the calls: judge and pause, merge chunk by chunk, index, guards, classify, orphans, verify, resume."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from recovery.checkpoint import NOWHERE, Checkpoint, read_recovery, writing
from recovery.pausing import pause, resume
from recovery.prepare import prepare
from recovery.saga import Saga
from recovery.steps import ClassifyStep, Step, StepName
from runs.lease import write_held
from stepwise.judging import judge, tables
from stepwise.merging import SomeMerged, merge_some
from stepwise.repairs import classify_some, guard, make_index, point_orphans
from stepwise.verifying import look_further

Taking = Callable[[Checkpoint], Awaitable[Checkpoint]]


@dataclass
class StepwiseSaga(Saga):
    """One call of such a recovery."""

    keeps_to: int | None = None
    """The plan that its calls keep to; None: they keep to none."""

    async def take(self) -> None:
        """Take the step that is next. Raises RefusedError where nothing may be merged."""
        start = await self.beginning()
        stage = start.stage or ("classify" if start.classify else "dedupe" if start.merge else None)
        takings: dict[str | None, Taking] = {
            "prepare": self._prepared,
            "dedupe": self._merged,
            "index": self._indexed,
            "guards": self._guarded,
            "classify": self._classified,
            "orphans": self._pointed,
            "verify": self._verified,
            "resume": self._resumed,
        }
        following = await takings.get(stage, self._judged)(start)
        if following != NOWHERE and self.keeps_to is not None:
            following = replace(following, plan=self.keeps_to)
            # How far a plan is applied is kept with it: where the step is the same, the row of the call before says so.
            if following == start:
                return
        await write_held(self.call.database, self.call.run, writing(self.call.run.id, following))

    async def beginning(self) -> Checkpoint:
        """Return where the call begins: where the one before it ended, if that kept to the same plan, or to none."""
        start = await read_recovery(self.call.database)
        return start if start.plan == self.keeps_to else NOWHERE

    async def judge(self) -> None:
        """Raise RefusedError where nothing may be merged."""
        await judge(self.call, self.schema)

    async def merge_some(self, start: Checkpoint) -> SomeMerged:
        """Merge as much as there are queries for."""
        return await merge_some(self.call, self.schema, start.merge)

    async def classify_some(self, start: Checkpoint) -> tuple[ClassifyStep, bool]:
        """Give unknown rows their types, as far as there are queries for; tell whether that was all of it."""
        step = await classify_some(self.call, self.schema, start.classify)
        return step, step.stopped_after is None

    async def point_orphans(self) -> tuple[Step, bool]:
        """Point orphans at their winners; tell whether that was all of it."""
        return await point_orphans(self.call, self.schema), True

    async def _begin(self, name: StepName) -> None:
        """Begin a step: it is noted with its end alone, for want of queries."""
        self.at = name
        await self.call.run.renew()

    async def _judged(self, _start: Checkpoint) -> Checkpoint:
        await self.judge()
        await self._step("pause", lambda: pause(self.call))
        await self._step("bookmark", self._bookmark)
        return Checkpoint(stage="prepare", tables=await tables(self.call))

    async def _prepared(self, start: Checkpoint) -> Checkpoint:
        """Make the indexes that the merge is served by."""
        await prepare(self.call, self.schema, may_delete=0)
        return Checkpoint(stage="dedupe", tables=start.tables)

    async def _merged(self, start: Checkpoint) -> Checkpoint:
        """Merge a chunk, unless what may be merged was judged by other tables."""
        if start.tables != await tables(self.call):
            return await self._judged(start)
        if start.smaller:
            self.call = replace(self.call, sizes=replace(self.call.sizes, chunk_objects=start.smaller))
        merged = await self._step("dedupe", lambda: self.merge_some(start))
        if not merged.more:
            return Checkpoint(stage="index", merge=merged.checkpoint)
        # Alone, it was left as it is: then there is nothing to look for any more.
        smaller = merged.smaller or (start.smaller if start.smaller != 1 else None)
        return Checkpoint(merge=merged.checkpoint, stage="dedupe", tables=start.tables, smaller=smaller)

    async def _indexed(self, _start: Checkpoint) -> Checkpoint:
        await self._step("index", lambda: make_index(self.call, self.schema))
        return Checkpoint(stage="guards")

    async def _guarded(self, _start: Checkpoint) -> Checkpoint:
        await self._step("guards", lambda: guard(self.call, self.schema))
        return Checkpoint(stage="classify")

    async def _classified(self, start: Checkpoint) -> Checkpoint:
        await self._begin("classify")
        step, whole = await self.classify_some(start)
        self._end(step)
        return Checkpoint(classify=step.stopped_after, stage="orphans" if whole else "classify")

    async def _pointed(self, _start: Checkpoint) -> Checkpoint:
        await self._begin("orphans")
        step, whole = await self.point_orphans()
        self._end(step)
        return Checkpoint(stage="verify" if whole else "orphans")

    async def _verified(self, start: Checkpoint) -> Checkpoint:
        """Check everything, over as many calls as it takes."""
        await self._begin("verify")
        looked = await look_further(self.call, self.schema, start.looked)
        self._end(Step("verify", looked.violations, looked.violations, sample=looked.sample))
        if not looked.complete:
            return Checkpoint(stage="verify", looked=looked.progress)
        return Checkpoint(stage="resume", ok=looked.ok)

    async def _resumed(self, start: Checkpoint) -> Checkpoint:
        await self._step("resume", lambda: resume(self.call, ok=start.ok))
        self.ok, self.done = start.ok, True
        return NOWHERE
