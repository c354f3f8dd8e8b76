"""A dry undo: what would come back, and the plan of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from plans.items import Item
from plans.making import Draft, Making, begin_draft
from plans.undo_items import UndoItems
from plans.undo_sources import UndoSources, undo_forecast
from ports import Ports
from recovery.undo import refused
from recovery.undoable import FORGET, kind_of, undoable_schema
from runs.budget import RECOVERY_SECONDS, Budget
from runs.record import Opening, Run, fail_run, open_run
from settings import Settings


async def dry_undo(ports: Ports, settings: Settings, target: int, *, may_plan: bool) -> dict[str, object]:
    """Report what an undo of run `target` would bring back, and keep it as a plan where whoever asks `may_plan`.

    Raises InputError (404) where there is no such run, RefusedError where it deleted nothing.
    """
    forgotten = await kind_of(ports.database, target) == FORGET
    asked = {"run": target, "dry_run": True}
    opening = Opening("undo", "dry", "http", asked, exclusive=False, asker=ports.asker, daily=settings)
    run = await open_run(ports.database, ports.clock, opening)
    budget = Budget.of_run(run, RECOVERY_SECONDS)
    try:
        work = _DryUndo(ports, settings, run, budget, target, forgotten)
        body = await work.report(may_plan=may_plan)
    except Exception as error:
        await fail_run(run, error, cost=budget.cost)
        raise
    await run.close("succeeded" if body["done"] else "stopped", counts=body, cost=budget.cost)
    return body


@dataclass
class _DryUndo:
    ports: Ports
    settings: Settings
    run: Run
    budget: Budget
    target: int
    forgotten: bool
    losers: int = 0
    children: int = 0
    stopped_after: object = field(default=None)

    async def report(self, *, may_plan: bool) -> dict[str, object]:
        """Look at everything that can be undone, and return the report."""
        database = self.budget.metered(self.ports.database)
        schema = await undoable_schema(database, self.settings)
        sources = UndoSources(schema, self.target, self.forgotten)
        draft = await self._draft() if may_plan else None
        await self._look(UndoItems(database, sources), draft)
        left = await refused(database, self.target, sources.beyond(), forgotten=self.forgotten)
        counts = {"restored": self.losers, "children_restored": self.children, "refused": left}
        begun = {"run_id": self.run.id, "undone_run": self.target, "dry_run": True, "done": self.stopped_after is None}
        if draft:
            found = (self.losers, self.children, self.run)
            draft.forecast = await undo_forecast(database, *found, forgotten=self.forgotten)
        return {**begun, **counts, "plan": await draft.finish() if draft else None}

    async def _draft(self) -> Draft:
        making = Making("undo", str(self.target), {"run": self.target}, self.run.id, self.ports.asker)
        database = self.budget.metered(self.ports.database)
        return await begin_draft(database, self.ports.clock, self.settings, making)

    async def _look(self, items: UndoItems, draft: Draft | None) -> None:
        budget = self.budget.part("verify")
        async for chunk, found in items.chunks():
            await self._add(found, draft)
            if budget.spent():
                self.stopped_after = {"step": "restore", "after": [chunk]}
                break
        else:
            await self._add(await items.orphans(), draft)
        if draft:
            draft.stopped_after = self.stopped_after

    async def _add(self, items: Sequence[Item], draft: Draft | None) -> None:
        losers = sum(item.step == "restore" for item in items)
        self.losers += losers
        self.children += sum(item.weight for item in items) - losers
        if draft:
            await draft.add(items)
