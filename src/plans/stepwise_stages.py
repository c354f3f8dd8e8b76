"""The stages of a plan that is made over several calls: each adds its items, and says where the next call goes on."""

from __future__ import annotations

from dataclasses import dataclass

from database.schema import Schema
from plans.making import Draft
from plans.merge_items import MergeItems
from plans.orphan_items import add_orphans
from plans.repair_items import schema_items
from plans.stepwise_kept import Kept, Place, Stage
from plans.type_items import TypeItems
from recovery.call import Call
from recovery.repair import Repair
from stepwise.repairs import repair_of

PAGE_OBJECTS = 250
MOST_ORPHANS = 2_000
"""Orphans of one reference that the plan holds: they are read, and written, at once."""


@dataclass(frozen=True)
class Stages:
    """One call's work on the plan."""

    call: Call
    schema: Schema
    draft: Draft

    async def further(self, kept: Kept) -> tuple[Stage, Place]:
        """Add the items of a stage, as far as there are queries for; return where the next call goes on."""
        takings = {"merge": self._merges, "schema": self._schema, "types": self._types, "orphans": self._orphans}
        stage, after = await takings[kept.stage](kept)
        if stage == kept.stage:
            # That it stopped here is no gap of the plan.
            self.draft.stopped_after = None
        return stage, after

    async def _merges(self, kept: Kept) -> tuple[Stage, Place]:
        found = kept.foretold
        items = MergeItems(self.call, self.schema, found.left, found.before, self.draft, PAGE_OBJECTS)
        items.after = kept.after or items.after
        if await items.add(all_of_them=found.whole):
            return "schema", None
        return ("merge", items.after) if items.spent else ("finish", None)

    async def _schema(self, kept: Kept) -> tuple[Stage, Place]:
        await self.draft.add(schema_items(await self._repair(kept)))
        return "types", None

    async def _types(self, kept: Kept) -> tuple[Stage, Place]:
        items = TypeItems(await self._repair(kept), kept.foretold.left, self.draft)
        items.after = kept.after or items.after
        return ("orphans", None) if await items.add() else ("types", items.after)

    async def _orphans(self, kept: Kept) -> tuple[Stage, Place]:
        await add_orphans(await self._repair(kept), self.draft, MOST_ORPHANS)
        return "finish", None

    async def _repair(self, kept: Kept) -> Repair:
        return await repair_of(self.call, self.schema, left=kept.foretold.left, clean=kept.foretold.clean)
