"""Do what a plan says beside the merges: give unknown rows their type, point orphans back at their winner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import sql
from plans.groups import about_keys, given
from plans.items import Item
from plans.lines import Sources
from plans.repair_sources import orphan_source, type_rows, type_source
from plans.work import Portion
from ports import Statement
from recovery.orphans import Orphans, orphans_of
from recovery.repair import Repair
from runs.lease import commit, held_batch

PORTION = Portion(500, 5_000)
"""Items and rows of one transaction: some tens of milliseconds."""


@dataclass(frozen=True)
class Types:
    """Gives unknown rows the type that the plan says."""

    repair: Repair
    steps: tuple[Literal["classify"]] = ("classify",)
    portion: Portion = PORTION

    def sources(self, items: Sequence[Item]) -> Sources:
        """Return the SQL of the unknown rows of these objects, with their types."""
        return {"rows": type_source(self._rows(items))}

    def _rows(self, items: Sequence[Item]) -> sql.Fragment:
        return type_rows(self.repair.rules, sql.fragment("plans/unknown_of", groups=given(items)))

    async def change(self, items: Sequence[Item], checking: Sequence[Statement], kept: Sequence[Statement]) -> None:
        """Give the rows of these objects their types."""
        call, batch = self.repair.call, held_batch(self.repair.call.run)
        batch.extend([*checking, sql.statement("plans/classify_rows", classified=self._rows(items)), *kept])
        await commit(call.database, call.run, batch)


@dataclass(frozen=True)
class Back:
    """Points orphans back at the winner that the plan says."""

    repair: Repair
    steps: tuple[Literal["orphan"]] = ("orphan",)
    portion: Portion = PORTION

    def sources(self, items: Sequence[Item]) -> Sources:
        """Return the SQL of these orphans, by their reference."""
        merged = self.repair.call.ranking.rows(self.repair.merged)
        return {found.reference.name: orphan_source(found, merged) for found in self._found(items)}

    def _found(self, items: Sequence[Item]) -> list[Orphans]:
        names = {item.about[0] for item in items}
        keys = about_keys(items)
        schema = self.repair.schema
        return [replace(orphans_of(self.repair, one, ()), free=keys) for one in schema.references if one.name in names]

    async def change(self, items: Sequence[Item], checking: Sequence[Statement], kept: Sequence[Statement]) -> None:
        """Point these orphans back, and journal that."""
        call, batch = self.repair.call, held_batch(self.repair.call.run)
        batch.extend(checking)
        for found in self._found(items):
            found.back(batch, call.run.id, self.repair.schema.child_slots(found.reference))
        batch.extend(kept)
        await commit(call.database, call.run, batch)
