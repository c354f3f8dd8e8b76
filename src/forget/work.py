"""Forget what is gone, chunk by chunk, until nothing is left or the call's budget is used up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import sql
from database.batch import ask
from database.rows import text
from errors import OverloadedError, PlatformError, TransientError
from forget.call import Call
from forget.chunk import Chunk, forget_chunk
from forget.gone import Gone, GoneObject
from recovery.duplicates import FIRST, ObjectKey
from recovery.refusals import refuse_at_cap, triggers_on, with_triggers

CHUNK_OBJECTS = 60
"""Objects that R2 is asked for, and D1 forgets, at a time: what follows the last look at the budget."""

FEW_OBJECTS = 6
"""The same where an invocation has few queries: each object is asked for by one."""

SHOWN = 20


class Noter(Protocol):
    """Keeps what a dry forgetting would delete."""

    async def objects(self, gone: Gone, objects: Sequence[GoneObject]) -> None:
        """Keep these objects of what is gone."""
        ...


@dataclass
class Forgetting:
    """A forgetting under way, dry or live."""

    call: Call
    gone: Gone
    chunk_objects: int = CHUNK_OBJECTS
    noter: Noter | None = None
    after: ObjectKey = FIRST
    """The object that it has come to."""
    done: bool = False
    chunk: int = 0
    forgotten: int = 0
    still_there: int = 0
    """Objects that R2 has after all."""
    sample: list[GoneObject] = field(default_factory=list)
    left: dict[ObjectKey, str] = field(default_factory=dict)
    """Objects whose rows the database refused to delete, and why."""

    async def go_on(self) -> None:
        """Continue where the call before was stopped, if it was: what it left is not tried again."""
        wanted = sql.statement("forget/last_stopped", bucket=self.call.request.r2_bucket)
        for row in await ask(self.call.database, wanted):
            bucket, key = json.loads(text(row, "checkpoint"))
            self.after = (bucket, key)

    async def run(self) -> None:
        """Take chunk after chunk; each call takes one at least."""
        budget = self.call.budget.part("merge")
        while True:
            await self.call.run.renew()
            objects = await self.gone.following(self.call.database, self.after, self.chunk_objects)
            if not objects:
                self.done = True
                return
            await self._take(objects)
            if budget.spent():
                return

    async def _take(self, objects: Sequence[GoneObject]) -> None:
        """Ask R2 for the objects again, and forget the rows of those that it does not have."""
        bucket = objects[0].r2_bucket
        there = await self.call.present(bucket, [one.r2_key for one in objects])
        self.still_there += len(there)
        if self.call.live:
            await self._forget_or_split(objects, there)
        else:
            await self._count(objects, there)
        self.after = (bucket, objects[-1].r2_key)

    async def _count(self, objects: Sequence[GoneObject], there: set[str]) -> None:
        gone = [one for one in objects if one.r2_key not in there]
        self.forgotten += sum(one.artifacts for one in gone)
        self._show(gone)
        if self.noter:
            await self.noter.objects(self.gone, gone)

    async def _forget_or_split(self, objects: Sequence[GoneObject], there: set[str]) -> None:
        """Forget a chunk; where the database refuses a row, halve it until the object it refuses is alone."""
        try:
            await self._forget(objects, there)
        except (OverloadedError, TransientError):
            raise
        except PlatformError as error:
            refuse_at_cap(error, "It")
            # Only what SQLite itself says is about a row of these objects.
            if "SQLITE_" not in str(error):
                raise
            if len(objects) == 1:
                self.left[(objects[0].r2_bucket, objects[0].r2_key)] = await self._why(error)
                self.after = (objects[0].r2_bucket, objects[0].r2_key)
                return
            middle = len(objects) // 2
            await self._forget_or_split(objects[:middle], there)
            await self._forget_or_split(objects[middle:], there)

    async def _forget(self, objects: Sequence[GoneObject], there: set[str]) -> None:
        self.chunk += 1
        bucket, until = objects[0].r2_bucket, (objects[-1].r2_bucket, objects[-1].r2_key)
        gone = [one for one in objects if one.r2_key not in there]
        found = [one.r2_key for one in objects if one.r2_key in there]
        chunk = Chunk(self.chunk, bucket, [one.r2_key for one in gone], self.after, until, found)
        self.forgotten += await forget_chunk(self.call, self.gone, chunk)
        self._show(gone)
        self.after = until

    def _show(self, gone: Sequence[GoneObject]) -> None:
        self.sample = [*self.sample, *gone][:SHOWN]

    async def _why(self, error: PlatformError) -> str:
        """Return why an object is left: the database's words, and the triggers that are there."""
        why = "A child cites it, as its column compares." if "losers_deleted" in str(error) else str(error)
        return with_triggers(why, await triggers_on(self.call.database, ["artifacts"]))
