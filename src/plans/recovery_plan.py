"""A dry recovery that keeps what it foretells as a plan."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from database.schema import Schema
from plans.making import Making, begin_draft
from plans.merge_items import MergeItems
from ports import Ports
from recovery.call import Call, RecoverRequest
from recovery.plan import Plan
from recovery.run import recover
from recovery.saga import Saga
from settings import Settings


@dataclass
class PlanningSaga(Saga):
    """A dry recovery, with a plan at its end."""

    plan: dict[str, object] | None = None

    async def take(self) -> None:
        """Take the steps, then make the plan of what they foretell."""
        await super().take()
        if self.judgement:
            self.plan = await _make(self.call, self.schema, self.judgement.plan)

    def report(self) -> dict[str, object]:
        """Return the body of `POST /recover`."""
        return {**super().report(), "plan": self.plan}


async def plan_recovery(ports: Ports, settings: Settings, request: RecoverRequest) -> dict[str, object]:
    """Do a dry recovery and keep its plan; return its report, with the plan. Raises what `recover` raises."""
    return await recover(ports, settings, request, saga=PlanningSaga)


async def _make(call: Call, schema: Schema, foretold: Plan) -> dict[str, object]:
    making = Making("recovery", "", asdict(call.request), call.run.id, call.ports.asker)
    draft = await begin_draft(call.database, call.run.clock, call.settings, making)
    budget = call.budget.part("verify")
    merges = MergeItems(call, schema, foretold.left, foretold.before, draft, budget)
    await merges.add()
    return await draft.finish()
