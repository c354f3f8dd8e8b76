"""A dry recovery that keeps what it foretells as a plan."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from plans.making import Making, begin_draft
from plans.merge_items import MergeItems
from plans.repair_items import add_repairs
from recovery.plan import Plan
from recovery.repair import Repair
from recovery.saga import Saga
from recovery.steps import Repaired


@dataclass
class PlanningSaga(Saga):
    """A dry recovery, with a plan at its end."""

    plan: dict[str, object] | None = None
    repair: Repair | None = None
    """What the repairs worked from; None where the merge is not all of it."""

    async def take(self) -> None:
        """Take the steps, then make the plan of what they foretell."""
        await super().take()
        if self.judgement:
            self.plan = await self._made(self.judgement.plan)

    async def repaired(self, repair: Repair) -> Repaired | None:
        """Foretell the repairs."""
        self.repair = repair
        return await super().repaired(repair)

    async def _made(self, foretold: Plan) -> dict[str, object]:
        call = self.call
        making = Making("recovery", "", asdict(call.request), call.run.id, call.ports.asker)
        draft = await begin_draft(call.database, call.run.clock, call.settings, making)
        draft.forecast = self.forecast
        merges = MergeItems(call, self.schema, foretold.left, foretold.before, draft)
        if await merges.add(all_of_them=self.repair is not None) and self.repair:
            await add_repairs(self.repair, foretold.left, draft)
        return await draft.finish()

    def report(self) -> dict[str, object]:
        """Return the body of `POST /recover`."""
        return {**super().report(), "plan": self.plan}
