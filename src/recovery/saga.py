"""The order of a recovery: pause, measure, bookmark, dedupe, index, guards, classify, orphans, verify, resume.

Every step finds out from the database what is left to do, so a recovery that was cut short anywhere continues when it
is called again. What it did is in the run's row and the journal; what it found it never deletes.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from database.schema import Schema
from recovery.call import Call
from recovery.checking import Measured, Verified, measure, predict, verify
from recovery.checkpoint import NOWHERE, Beginning, Checkpoint, read_recovery
from recovery.dedupe import Deduped, dedupe
from recovery.forecasting import Unknown, forecast
from recovery.judging import Judged, planned, planned_again
from recovery.pausing import pause, resume
from recovery.repairs import Repair, repair_after, repair_all
from recovery.steps import IndexStep, Repaired, Step, StepName

MAX_ROUNDS = 3
CONTINUE = 'POST /recover continues from here (docs/runbook.md, "A run that failed").'

S = TypeVar("S", bound=Step)


@dataclass
class Saga:
    """One call of the recovery: what it has done so far, and at which step it is."""

    call: Call
    schema: Schema
    steps: dict[StepName, Step] = field(default_factory=dict)
    at: StepName = "dedupe"
    chunk: int = 0
    """The number of the last chunk that was merged, in all rounds."""
    done: bool = False
    ok: bool = False
    forecast: Mapping[str, object] | None = None
    """What live calls will need, once a dry one knows."""
    rounds: int = MAX_ROUNDS
    judgement: Judged | None = None
    """What a merge would do, and leave, as the call found it at its beginning."""

    def report(self) -> dict[str, object]:
        """Return the body of `POST /recover`."""
        return {
            "run_id": self.call.run.id,
            "dry_run": not self.call.live,
            "done": self.done,
            "steps": [step.report() for step in self.steps.values()],
            "ok": self.ok,
            **({"forecast": self.forecast} if self.forecast else {}),
        }

    async def take(self) -> None:
        """Take the steps in their order. Raises RefusedError before anything is changed where it may not."""
        call = self.call
        judgement, start = await self.judged()
        self.judgement = judgement
        await self._step("pause", lambda: pause(call))
        await self._begin("measure")
        measured = await measure(call, self.schema, judgement.sampled)
        self._end(measured.step)
        await self._step("bookmark", self._bookmark)
        broken = measured.step.before
        for number in range(1, self.rounds + 1):
            verified = await self._round(judgement, measured, start)
            if verified is None:
                return
            self.ok, before, broken = verified.ok, broken, verified.step.after
            stuck = broken >= before and not self._overtaken
            if self.ok or not call.live or stuck or number == self.rounds:
                break
            if call.budget.part("merge").spent() == "subrequests":
                return
            self.schema, start = await call.schema(), NOWHERE
            judgement = await planned_again(call, self.schema, judgement)
        self.done = True
        await self._step("resume", lambda: resume(call, ok=self.ok))
        if not call.live:
            unknown = Unknown(measured.unknown, self.steps["classify"].changed)
            self.forecast = await forecast(call, self.schema, judgement.plan, unknown, holds_after=self.ok)

    @property
    def _overtaken(self) -> bool:
        """Whether the index could not be created for a duplicate that came after the merge."""
        index = self.steps["index"]
        return isinstance(index, IndexStep) and index.overtaken

    async def judged(self) -> tuple[Judged, Checkpoint]:
        """Return what a merge would do, and where the call begins. Raises RefusedError where a live one may not."""
        start = await read_recovery(self.call.database) if self.call.live else NOWHERE
        return await planned(self.call, self.schema), start

    async def repaired(self, repair: Repair) -> Repaired | None:
        """Take the steps between the merge and the last check; None where a further call is needed."""
        return await repair_all(repair, self._step)

    def fail(self, error: str) -> None:
        """Note what ended the call at its step."""
        self.steps[self.at] = self.steps.get(self.at, Step(self.at)).failed(error)
        self.done = self.ok = False

    async def _step(self, name: StepName, work: Callable[[], Awaitable[S]]) -> S:
        """Take one step."""
        await self._begin(name)
        step = await work()
        self._end(step)
        return step

    async def _begin(self, name: StepName) -> None:
        """Note the step in the run's row, for whoever looks meanwhile, or after the run died."""
        self.at = name
        await self.call.run.renew()
        noted = {**self.report(), "step": name, "next": CONTINUE}
        await self.call.note(json.dumps(noted, ensure_ascii=False))

    def _end(self, step: Step) -> None:
        """Record what the step brought."""
        self.steps[step.name] = self.steps[step.name].then(step) if step.name in self.steps else step
        self.call.log("recovery_step", step=step.name, changed=step.changed)

    async def _bookmark(self) -> Step:
        bookmark = await self.call.database.bookmark() if self.call.live else None
        return Step("bookmark", sample=(bookmark,) if bookmark else ())

    async def _round(self, judgement: Judged, measured: Measured, start: Checkpoint) -> Verified | None:
        """Take steps dedupe to verify once; None where a further call is needed."""
        merged = await self.merge(judgement, start)
        if merged.step.more:
            return None
        self.schema = await self.call.schema()
        repair = await repair_after(self.call, self.schema, judgement.plan, merged.step, start)
        repaired = await self.repaired(repair)
        if repaired is None:
            return None
        await self._begin("verify")
        if self.call.live:
            self.schema = await self.call.schema()
            verified = await verify(self.call, self.schema, measured.step.before, judgement.sampled)
        else:
            verified = predict(measured, self.schema, merged.step, repaired, refused=judgement.refusal is not None)
        self._end(verified.step)
        return verified

    async def merge(self, judgement: Judged, start: Checkpoint) -> Deduped:
        """Merge what may be merged."""
        await self._begin("dedupe")
        deleted = self.steps["dedupe"].changed if "dedupe" in self.steps else 0
        merged = await dedupe(self.call, self.schema, judgement, Beginning(start.merge, self.chunk, deleted))
        self._end(merged.step)
        self.chunk = merged.outcome.chunk if merged.outcome else self.chunk
        return merged


SagaOf = Callable[[Call, Schema], Saga]
"""What makes the saga of a call."""
