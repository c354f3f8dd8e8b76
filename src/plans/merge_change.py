"""Merge the objects of a plan, by the transaction that a recovery without a plan uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from database.schema import Schema
from plans.groups import given, group_sources, objects_of
from plans.items import Item
from plans.lines import Sources
from plans.work import Portion
from ports import Statement
from recovery.call import Call
from recovery.chunk import Chunk, Merged, merge_chunk
from recovery.merge import CHUNK_ROWS
from words import PlanStep


@dataclass
class Merges:
    """The merges of one call."""

    call: Call
    schema: Schema
    steps: tuple[PlanStep, ...] = ("merge",)
    allowing: tuple[Statement, ...] = ()
    """What lets each chunk delete, where nothing before it did."""
    chunk: int = 0
    merged: Merged = field(default_factory=lambda: Merged(0, 0, 0))

    @property
    def portion(self) -> Portion:
        """How much one transaction takes."""
        return Portion(self.call.sizes.chunk_objects, CHUNK_ROWS)

    def sources(self, items: Sequence[Item]) -> Sources:
        """Return the SQL of the rows of these objects, and of their children."""
        return group_sources(self.schema, self.call.ranking, given(items))

    async def change(self, items: Sequence[Item], checking: Sequence[Statement], kept: Sequence[Statement]) -> None:
        """Merge these objects in one transaction, each with all of its rows."""
        self.chunk += 1
        chunk = Chunk(self.call.run.id, self.chunk, objects_of(items))
        self.merged += await merge_chunk(self.call, self.schema, chunk, kept, [*self.allowing, *checking])
