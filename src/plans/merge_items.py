"""The merges that a dry recovery foretells, as items of a plan."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from database.schema import Schema
from plans.groups import between, group_sources
from plans.items import Item, Lines
from plans.lines import counting, lines_from, read_lines, up_to
from plans.making import Draft
from recovery.call import Call
from recovery.duplicates import FIRST, ObjectKey, following

PAGE_OBJECTS = 5_000
"""Objects that are read at once: where no index serves it, each page reads the whole table."""

MOST_LINES = 20_000
"""Lines of one kind that are read at once; of an object that has more, they are counted."""


@dataclass
class MergeItems:
    """Adds the merges of a recovery to a plan."""

    call: Call
    schema: Schema
    left: Collection[ObjectKey]
    """Objects that a recovery leaves as they are."""
    before: ObjectKey | None
    """Only the objects before this one were looked at; None: all."""
    draft: Draft
    page_objects: int = PAGE_OBJECTS
    most_lines: int = MOST_LINES
    after: ObjectKey = FIRST
    """The object that this call, or the one before it, has come to."""
    spent: bool = False
    """Whether the call's budget ended before the last of them."""

    async def add(self, *, all_of_them: bool) -> bool:
        """Add all of them, or as many as the request wants; False where there are more."""
        most, budget = self.call.most_objects, self.call.budget.part("verify")
        while most is None or self.draft.totals["merge"] < most:
            if self.before is not None and self.after >= self.before:
                return self._stopped()
            self.spent = bool(budget.spent()) or self.draft.full
            if self.spent:
                return self._stopped()
            room = self.page_objects if most is None else min(self.page_objects, most - self.draft.totals["merge"])
            found = await following(self.call.database, self.after, room + 1)
            new = [(key, can_be_named) for key, can_be_named in found if key != self.after][:room]
            if not new:
                return True
            await self._add(self.after, [key for key, can_be_named in new if can_be_named])
            self.after = new[-1][0]
        return all_of_them or self._stopped()

    def _stopped(self) -> bool:
        self.draft.stopped_after = {"step": "merge", "after": list(self.after)}
        return False

    def _mergeable(self, key: ObjectKey) -> bool:
        return key not in self.left and (self.before is None or key < self.before)

    async def _add(self, after: ObjectKey, objects: Sequence[ObjectKey]) -> None:
        """Add these objects, which follow one another after `after`; in halves where they are too many to be read."""
        if not objects:
            return
        lines = await self._lines(after, objects)
        if lines is None:
            middle = len(objects) // 2
            await self._add(after, objects[:middle])
            await self._add(objects[middle - 1], objects[middle:])
        else:
            wanted = [key for key in objects if key in lines and self._mergeable(key)]
            await self.draft.add([Item("merge", key, lines[key]) for key in wanted])

    async def _lines(self, after: ObjectKey, objects: Sequence[ObjectKey]) -> Mapping[ObjectKey, Lines] | None:
        """Return the lines of objects; None where several have too many. Those of one object are counted then."""
        sources = group_sources(self.schema, self.call.ranking, between(after, objects[-1]))
        found = await read_lines(self.call.database, up_to(sources, self.most_lines + 1))
        many = [name for name in sources if lines_from(found, name) > self.most_lines]
        if many and len(objects) > 1:
            return None
        if many:
            found = await read_lines(self.call.database, counting(sources, many))
        return {(str(about[0]), str(about[1])): lines for about, lines in found.items()}
