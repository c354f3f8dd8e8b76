"""What a dry undo foretells: the merges that can be undone, the latest chunk first, and the orphans."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import sql
from database.batch import ask
from database.rows import number
from plans.items import Item
from plans.lines import items_of, read_lines, up_to
from plans.undo_sources import UndoSources
from ports import Database

MOST_ORPHANS = 20_000
"""Orphans of one reference that a plan holds: they are read at once."""


@dataclass(frozen=True)
class UndoItems:
    """The items of an undo."""

    database: Database
    sources: UndoSources

    async def chunks(self) -> AsyncIterator[tuple[int, list[Item]]]:
        """Yield each chunk of the journal with its items, the latest first."""
        journal = sql.statement("recovery/merge_chunks", run=self.sources.target)
        for row in await ask(self.database, journal):
            chunk = number(row, "chunk")
            chosen = sql.Fragment("chunk = :chunk", {"chunk": chunk})
            yield chunk, items_of("restore", await read_lines(self.database, self.sources.merges(chosen)))

    async def orphans(self) -> list[Item]:
        """Return the orphans that can be pointed back."""
        items: list[Item] = []
        for reference in reversed(self.sources.schema.references):
            lines = up_to(self.sources.orphans(reference, sql.Fragment("1")), MOST_ORPHANS)
            items += items_of("orphan", await read_lines(self.database, lines))
        return items
