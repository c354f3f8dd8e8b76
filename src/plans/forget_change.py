"""Forget what a plan says, by the statements that a forgetting without a plan uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from forget.call import Call
from forget.chunk import Chunk, add_chunk
from forget.gone import Gone
from plans.forget_items import around, gone_source
from plans.groups import by_bucket, objects_of
from plans.items import Item
from plans.lines import Sources
from plans.work import Portion
from ports import Statement
from runs.lease import commit, held_batch

PORTION = Portion(60, 5_000)
"""R2 is asked for so many objects at a time."""


@dataclass
class Forgets:
    """The deletes of one call."""

    call: Call
    gone: Gone
    steps: tuple[Literal["forget"]] = ("forget",)
    portion: Portion = PORTION
    chunk: int = 0
    forgotten: int = 0
    still_there: int = 0
    there: dict[str, set[str]] = field(default_factory=dict)
    """The keys of the objects at hand that R2 has after all, by their bucket."""

    async def look(self, items: Sequence[Item]) -> None:
        """Ask R2 for the objects again."""
        self.there = {bucket: await self.call.present(bucket, keys) for bucket, keys in by_bucket(items).items()}
        self.still_there += sum(map(len, self.there.values()))

    def sources(self, items: Sequence[Item]) -> Sources:
        """Return the SQL of the rows that may be forgotten, of the objects that R2 does not have."""
        gone = [(bucket, key) for bucket, key in objects_of(items) if key not in self.there[bucket]]
        return {"rows": gone_source(self.gone, gone)}

    async def change(self, items: Sequence[Item], checking: Sequence[Statement], kept: Sequence[Statement]) -> None:
        """Forget these objects in one transaction."""
        batch = held_batch(self.call.run)
        batch.extend(checking)
        added = []
        for bucket, keys in by_bucket(items).items():
            self.chunk += 1
            after, until = around([(bucket, key) for key in keys])
            added.append(add_chunk(batch, self.call, self.gone, Chunk(self.chunk, bucket, keys, after, until)))
        batch.extend(kept)
        await commit(self.call.database, self.call.run, batch)
        self.forgotten += sum(one.changed for one in added)
