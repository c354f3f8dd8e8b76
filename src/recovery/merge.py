"""Merge the rows of each object into one, chunk by chunk, until none is left or the call's budget is used up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from database.schema import Schema
from errors import OverloadedError, PlatformError, TransientError
from limits import FEW
from recovery.call import Call
from recovery.checkpoint import Beginning, Checkpoint, MergeCheckpoint, writing
from recovery.chunk import Chunk, fitting, merge_chunk
from recovery.conflicts import Conflicts
from recovery.duplicates import EVERY_OBJECT, FIRST, ObjectKey, following, given_objects
from recovery.refusals import refuse_at_cap, triggers_on, with_triggers
from runs.budget import Budget

CHUNK_ROWS = 5_000
"""Rows that one batch touches at most, children included, where an object can be merged in parts: under a second."""

UNNAMEABLE = "Its bucket or key is not valid UTF-8, so no statement can name it."

NOT_AS_PLANNED = {
    "steward_control.losers_journalled": "Its rows cannot be told apart: an id is NULL, or several rows have it.",
    "steward_control.children_moved": "Not every child that points at a loser can be moved to the winner.",
    "steward_control.losers_deleted": "The database did not delete every loser, or deleted the winner.",
}
"""What a chunk counted that was not as planned, by the column that then failed it."""


@dataclass(frozen=True)
class MergeOutcome:
    """What a merge did, and whether a further call is needed (`more`)."""

    groups: int
    deleted: int
    carried: int
    children: int
    chunk: int
    more: bool
    checkpoint: MergeCheckpoint | None
    """How far it came, with what it left; None where it looked at no object."""
    smaller: int | None = None
    """How many objects the next call is to take at most: one of this chunk is refused. None: as many as any."""


async def merge(call: Call, schema: Schema, conflicts: Conflicts, beginning: Beginning) -> MergeOutcome:
    """Merge objects until none is left, the call's objects are done (`more` then says so), or a budget is used up.

    Raises LeaseLostError, RefusedError ("max_deletes") and platform errors; what was done before them is committed.
    """
    work = _Merge(call, schema, conflicts, call.budget.part("merge"), beginning)
    await work.run()
    return work.outcome()


@dataclass
class _Merge:
    """A merge under way."""

    call: Call
    schema: Schema
    conflicts: Conflicts
    budget: Budget
    beginning: Beginning
    after: ObjectKey | None = field(init=False)
    """The object that the merge has come to."""
    chunk: int = field(init=False)
    left: dict[ObjectKey, str] = field(default_factory=dict)
    groups: int = 0
    deleted: int = 0
    carried: int = 0
    children: int = 0
    more: bool = False
    moved: bool = False
    """Whether the merge has come further than where it began."""
    chunk_rows: int = CHUNK_ROWS
    triggers: list[str] | None = None
    smaller: int | None = None

    def __post_init__(self) -> None:
        self.after = self.beginning.checkpoint.after if self.beginning.checkpoint else None
        self.chunk = self.beginning.chunk

    def outcome(self) -> MergeOutcome:
        """Return what was done so far."""
        counts = (self.groups, self.deleted, self.carried, self.children)
        kept = self._checkpoint(self.after) if self.after else None
        return MergeOutcome(*counts, self.chunk, self.more, kept, self.smaller)

    def _checkpoint(self, after: ObjectKey) -> MergeCheckpoint:
        before = self.beginning.checkpoint or MergeCheckpoint(after)
        return before.further(after, {key: why for key, why in sorted(self.left.items()) if key <= after})

    async def run(self) -> None:
        """Take chunk after chunk."""
        most = self.call.most_objects or EVERY_OBJECT
        while not self.more:
            await self.call.run.renew()
            if self.moved and self.budget.spent() == "subrequests":
                self.more = True
                return
            wanted = min(self.call.sizes.chunk_objects, most - self.groups)
            objects = await self._following(max(wanted, 1))
            if not objects:
                return
            if wanted <= 0 or self._spent():
                self.more = True
                return
            await self._take(objects)

    async def _take(self, objects: Sequence[ObjectKey]) -> None:
        """Merge the first of the objects that fit into one chunk, but for those that conflict."""
        self.left.update(await self.conflicts.among(given_objects(objects)))
        mergeable = [key for key in objects if key not in self.left]
        chunk = await fitting(self.call, self.schema, mergeable, self.chunk_rows)
        part = await self._merge_or_split(chunk.objects, chunk.part)
        if len(chunk.objects) == len(mergeable) and part is None and not self.more:
            self._come_to(objects[-1])

    def _spent(self) -> bool:
        """Tell whether the call's time is up, or its queries: each call comes at least one object further."""
        spent = self.budget.spent()
        return spent == "time" or (spent is not None and self.moved)

    def _come_to(self, key: ObjectKey) -> None:
        self.after, self.moved = key, True

    async def _following(self, count: int) -> list[ObjectKey]:
        """Return the next `count` objects with several rows. The last one may have several still: it was left."""
        found = await following(self.call.database, self.after or FIRST, count + 1)
        self.left.update({key: UNNAMEABLE for key, can_be_named in found if not can_be_named})
        return [key for key, _ in found if key != self.after][:count]

    async def _merge_or_split(self, objects: Sequence[ObjectKey], part: int | None) -> int | None:
        """Merge a chunk; where the database refuses a row, halve it until the object it refuses is alone.

        Return `part` where the one object of it has more losers to merge.
        """
        if not objects or self.more:
            return None
        if self._spent():
            self.more = True
            return part
        try:
            await self._merge_chunk(objects, part)
        except OverloadedError as error:
            # D1 stopped the batch for its time: half of it may do. Overloaded without one, it needs rest.
            if "timeout" not in str(error) or len(objects) == 1:
                raise
            self.chunk_rows = max(1, self.chunk_rows // 2)
            await self._halves(objects)
        except TransientError:
            raise
        except PlatformError as error:
            refuse_at_cap(error, "The recovery")
            # Only what SQLite itself says is about a row of these objects.
            if "SQLITE_" not in str(error):
                raise
            await self._isolate(objects, error)
        else:
            self.moved = True
            if part is not None:
                return part
            self.groups += len(objects)
            self._come_to(objects[-1])
        return None

    async def _isolate(self, objects: Sequence[ObjectKey], error: PlatformError) -> None:
        """Halve a chunk that the database refuses; leave an object as it is that is refused alone."""
        if len(objects) > 1:
            await self._halves(objects)
            return
        self.left[objects[0]] = await self._why(error)
        self._come_to(objects[0])

    async def _halves(self, objects: Sequence[ObjectKey]) -> None:
        middle = len(objects) // 2
        if self.call.run.queries < FEW:
            # A half takes as many queries as the whole did: it is for the next call.
            self.more, self.smaller = True, middle
            return
        await self._merge_or_split(objects[:middle], None)
        await self._merge_or_split(objects[middle:], None)

    async def _why(self, error: PlatformError) -> str:
        """Return why an object is left: the database's words, or what a count of ours found, and the triggers."""
        found = next((text for column, text in NOT_AS_PLANNED.items() if column in str(error)), str(error))
        if self.triggers is None:
            tables = ["artifacts", *(reference.table for reference in self.schema.references)]
            self.triggers = await triggers_on(self.call.database, tables)
        return with_triggers(found, self.triggers)

    async def _merge_chunk(self, objects: Sequence[ObjectKey], part: int | None) -> None:
        self.chunk += 1
        after = objects[-1] if part is None else self.after
        kept = Checkpoint(merge=self._checkpoint(after)) if after else Checkpoint()
        chunk = Chunk(self.call.run.id, self.chunk, objects, part)
        merged = await merge_chunk(self.call, self.schema, chunk, [writing(self.call.run.id, kept)])
        self.deleted += merged.deleted
        self.carried += merged.carried
        self.children += merged.children


def left_of(left: Mapping[ObjectKey, str]) -> MergeCheckpoint | None:
    """Return the objects that a dry run would leave, as a merge counts them."""
    return MergeCheckpoint(FIRST).further(FIRST, left) if left else None
