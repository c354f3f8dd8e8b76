"""A dry recovery where one call has few queries: the first says what it would do, the next ones make the plan of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from errors import OverloadedError
from plans.basis import Basis, basis_now
from plans.making import Draft, Making, begin_draft
from plans.stepwise_kept import Foretold, Kept, listed_left, read_kept
from plans.stepwise_stages import Stages
from recovery.forecasting import Unknown, forecast
from recovery.plan import Plan
from recovery.saga import Saga
from recovery.steps import MergeStep, StepName
from runs.costs import for_closing


@dataclass
class StepwisePlanning(Saga):
    """One call of it."""

    plan: dict[str, object] | None = None

    async def take(self) -> None:
        """Say what a live recovery would do; or take the plan further, where the call before did, until it is whole."""
        kept, basis = await read_kept(self.call), await basis_now(self.call.database, self.call.settings, self.schema)
        if kept is None or (kept.draft and kept.draft["basis"] != basis.text()):
            await self._foretell()
        else:
            self.ok = kept.foretold.ok
            await self._further(kept, kept.resumed(self.call, self._making) or await self._begun(basis))

    async def _begin(self, name: StepName) -> None:
        """Begin a step: it is not noted, for want of queries."""
        self.at = name
        await self.call.run.renew()

    async def _foretell(self) -> None:
        """Take the steps as any dry call does; those that it has no queries for are not in its answer."""
        try:
            await super().take()
        except OverloadedError:
            if self.call.budget.has(1) or "dedupe" not in self.steps:
                raise
        judgement, merged = self.judgement, self.steps["dedupe"]
        if judgement is None or not isinstance(merged, MergeStep):
            raise ValueError("a dry recovery has no plan of its merge")
        left, before = listed_left(judgement.plan.left, judgement.plan.before)
        found = Foretold(self.ok, merged.after == 0, not merged.more, tuple(left), before, self.forecast)
        self.done, self.forecast = False, None
        await for_closing(self.call.run.database).batch([Kept(found).writing(self.call.run.id)])

    @property
    def _making(self) -> Making:
        return Making("recovery", "", asdict(self.call.request), self.call.run.id, self.call.ports.asker)

    async def _begun(self, basis: Basis) -> Draft:
        call = self.call
        draft = await begin_draft(call.database, call.run.clock, call.settings, self._making, basis)
        draft.together = True
        return draft

    async def _further(self, kept: Kept, draft: Draft) -> None:
        """Take the plan further by a stage, or as far as there are queries for, and keep it with the items."""
        if kept.stage == "finish":
            await self._finished(kept, draft)
            return
        stage, after = await Stages(self.call, self.schema, draft).further(kept)
        slices = draft.cut()
        await self.call.database.batch([*slices, kept.at(stage, draft, after).writing(self.call.run.id)])

    async def _finished(self, kept: Kept, draft: Draft) -> None:
        totals = draft.totals
        foretold = Plan(totals["merge"], totals["rows_deleted"], 0, totals["children_moved"], {}, None, (), ())
        unknown = Unknown(0, totals["classify"])
        self.forecast = kept.foretold.forecast or await forecast(
            self.call, self.schema, foretold, unknown, holds_after=self.ok
        )
        draft.forecast = self.forecast
        self.plan, self.done = await draft.finish(), True

    def report(self) -> dict[str, object]:
        """Return the body of `POST /recover`."""
        return {**super().report(), "plan": self.plan}
