"""The order of the calls: judge and pause, merge chunk by chunk, index, guards, classify, orphans, verify, resume."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from recovery.checkpoint import NOWHERE, Checkpoint, read_recovery, writing
from recovery.pausing import pause, resume
from recovery.prepare import prepare
from recovery.saga import Saga
from recovery.steps import Step, StepName
from runs.lease import write_held
from stepwise.judging import judge, tables
from stepwise.merging import merge_some
from stepwise.repairs import classify_some, guard, make_index, point_orphans
from stepwise.verifying import look_further

Taking = Callable[[Checkpoint], Awaitable[Checkpoint]]


@dataclass
class StepwiseSaga(Saga):
    """One call of such a recovery."""

    async def take(self) -> None:
        """Take the step that is next. Raises RefusedError where nothing may be merged."""
        start = await read_recovery(self.call.database)
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
        await write_held(self.call.database, self.call.run, writing(self.call.run.id, following))

    async def _begin(self, name: StepName) -> None:
        """Begin a step: it is noted with its end alone, for want of queries."""
        self.at = name
        await self.call.run.renew()

    async def _judged(self, _start: Checkpoint) -> Checkpoint:
        await judge(self.call, self.schema)
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
        merged = await self._step("dedupe", lambda: merge_some(self.call, self.schema, start.merge))
        return Checkpoint(merge=merged.checkpoint, stage="dedupe" if merged.more else "index", tables=start.tables)

    async def _indexed(self, _start: Checkpoint) -> Checkpoint:
        await self._step("index", lambda: make_index(self.call, self.schema))
        return Checkpoint(stage="guards")

    async def _guarded(self, _start: Checkpoint) -> Checkpoint:
        await self._step("guards", lambda: guard(self.call, self.schema))
        return Checkpoint(stage="classify")

    async def _classified(self, start: Checkpoint) -> Checkpoint:
        step = await self._step("classify", lambda: classify_some(self.call, self.schema, start.classify))
        return Checkpoint(classify=step.stopped_after, stage="classify" if step.stopped_after else "orphans")

    async def _pointed(self, _start: Checkpoint) -> Checkpoint:
        await self._step("orphans", lambda: point_orphans(self.call, self.schema))
        return Checkpoint(stage="verify")

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
