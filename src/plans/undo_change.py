"""Undo what a plan says, by the statements that an undo without a plan uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import sql
from json_text import compact
from plans.groups import about_keys
from plans.items import Item
from plans.lines import Sources
from plans.undo_sources import UndoSources
from plans.work import Portion
from ports import Statement
from recovery.restore import Added, Restored, Undoing
from runs.lease import commit, held_batch

PORTION = Portion(250, 5_000)
"""As a merge takes them: some tens of milliseconds."""


@dataclass
class Restores:
    """Brings losers back, with their children, or forgotten rows."""

    undoing: Undoing
    steps: tuple[Literal["restore"]] = ("restore",)
    portion: Portion = PORTION
    restored: Restored = field(default_factory=Restored)

    def sources(self, items: Sequence[Item]) -> Sources:
        """Return the SQL of these rows, and of their children."""
        return _sources(self.undoing).merges(_these(items))

    async def change(self, items: Sequence[Item], checking: Sequence[Statement], kept: Sequence[Statement]) -> None:
        """Bring these rows back in one transaction, the latest chunk first."""
        batch = held_batch(self.undoing.run)
        batch.extend(checking)
        chunks = sorted({int(item.about[0]) for item in items}, reverse=True)
        added = [self.undoing.add_chunk(batch, chunk, _these(items)) for chunk in chunks]
        batch.extend(kept)
        await commit(self.undoing.database, self.undoing.run, batch)
        self.restored = sum((one.restored() for one in added), self.restored)


@dataclass
class OrphansBack:
    """Points orphans back at the ids that they looked for."""

    undoing: Undoing
    steps: tuple[Literal["orphan"]] = ("orphan",)
    portion: Portion = PORTION
    restored: Restored = field(default_factory=Restored)

    def sources(self, items: Sequence[Item]) -> Sources:
        """Return the SQL of these orphans, by their reference."""
        sources = _sources(self.undoing)
        found: dict[str, sql.Fragment] = {}
        for reference in self.undoing.schema.references:
            if any(item.about[0] == reference.name for item in items):
                found.update(sources.orphans(reference, about_keys(items)))
        return found

    async def change(self, items: Sequence[Item], checking: Sequence[Statement], kept: Sequence[Statement]) -> None:
        """Point these orphans back in one transaction."""
        names = {item.about[0] for item in items}
        batch = held_batch(self.undoing.run)
        batch.extend(checking)
        wanted = [one for one in reversed(self.undoing.schema.references) if one.name in names]
        added: list[Added] = [self.undoing.add_orphans(batch, one, about_keys(items)) for one in wanted]
        batch.extend(kept)
        await commit(self.undoing.database, self.undoing.run, batch)
        self.restored = sum((one.restored() for one in added), self.restored)


def _sources(undoing: Undoing) -> UndoSources:
    return UndoSources(undoing.schema, undoing.target, undoing.forgotten)


def _these(items: Sequence[Item]) -> sql.Fragment:
    chunks = [int(item.about[0]) for item in items]
    losers = compact([item.about for item in items])
    return sql.fragment("plans/these_losers", losers=losers, low=min(chunks), high=max(chunks))
