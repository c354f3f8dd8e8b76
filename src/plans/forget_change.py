"""Forget what a plan says, by the statements that a forgetting without a plan uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from forget.call import Call
from forget.chunk import Chunk, add_chunk
from forget.gone import Gone, ObjectKey
from missing.asking import present
from plans.forget_items import around, gone_source
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
    there: set[ObjectKey] = field(default_factory=set)
    """Those of the objects at hand that R2 has after all."""

    async def look(self, items: Sequence[Item]) -> None:
        """Ask R2 for the objects again."""
        self.there = set()
        for bucket, keys in _by_bucket(_objects(items)).items():
            metered = self.call.budget.metered_bucket(self.call.ports.buckets[bucket])
            found = await present(metered, self.call.ports.clock, keys)
            self.there |= {(bucket, key) for key in found}
        self.still_there += len(self.there)

    def sources(self, items: Sequence[Item]) -> Sources:
        """Return the SQL of the rows that may be forgotten, of the objects that R2 does not have."""
        return {"rows": gone_source(self.gone, [key for key in _objects(items) if key not in self.there])}

    async def change(self, items: Sequence[Item], checking: Sequence[Statement], kept: Sequence[Statement]) -> None:
        """Forget these objects in one transaction."""
        batch = held_batch(self.call.run)
        batch.extend(checking)
        added = []
        for bucket, keys in _by_bucket(_objects(items)).items():
            self.chunk += 1
            after, until = around([(bucket, key) for key in keys])
            added.append(add_chunk(batch, self.call, self.gone, Chunk(self.chunk, bucket, keys, after, until)))
        batch.extend(kept)
        await commit(self.call.database, self.call.run, batch)
        self.forgotten += sum(one.changed for one in added)


def _objects(items: Sequence[Item]) -> list[ObjectKey]:
    return [(str(item.about[0]), str(item.about[1])) for item in items]


def _by_bucket(objects: Sequence[ObjectKey]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for bucket, key in objects:
        found.setdefault(bucket, []).append(key)
    return found
