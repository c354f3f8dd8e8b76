"""Take one chunk of a merge or a forgetting back as one transaction, and point orphans back at the ids they looked for.

Row by row, where nothing moved on since; what moved on is left as it is and reported.
"""

from __future__ import annotations

from dataclasses import dataclass

import sql
from database.batch import Answer, Batch
from database.guards import Guard
from database.schema import Reference, Schema
from ports import Database, Row, Statement
from recovery.checkpoint import Checkpoint, writing
from recovery.journal import restored, restored_object
from runs.lease import Holder, commit, held_batch

OBJECT = restored_object("steward_merges.loser")

ALL = sql.Fragment("1")
"""Whatever there is is chosen."""

MOVED_ON = ("child_table", "child_column", "row_key", "points_at")
"""What is shown of a child that moved on."""


def can_return(target: int, chosen: sql.Fragment, *, forgotten: bool) -> sql.Fragment:
    """Return the condition of what can be undone of the chosen merges of run `target`, or rows that it forgot."""
    condition = "recovery/can_come_back" if forgotten else "recovery/can_return"
    return sql.fragment(condition, run=target, chosen=chosen, **OBJECT)


@dataclass(frozen=True)
class Restored:
    """What came back, and the children that had moved on."""

    losers: int = 0
    children: int = 0
    moved_on: tuple[Row, ...] = ()

    def __add__(self, other: Restored) -> Restored:
        """Return both together."""
        return Restored(self.losers + other.losers, self.children + other.children, self.moved_on + other.moved_on)


@dataclass(frozen=True)
class Added:
    """What counts, once the transaction is done, what came back and what had moved on."""

    marked: Answer | None
    back: tuple[tuple[Answer, Answer], ...]
    """Of each reference: what counts the children that point back, and what lists the others."""

    def restored(self) -> Restored:
        """Return what came back."""
        moved_on = tuple(row for _, refused in self.back for row in refused.rows)
        losers = self.marked.changes if self.marked else 0
        return Restored(losers, sum(pointed.changed for pointed, _ in self.back), moved_on)


@dataclass(frozen=True)
class Undoing:
    """The undo of run `target` by the run `run`, which has the number `number`."""

    database: Database
    schema: Schema
    run: Holder
    number: int
    target: int
    forgotten: bool = False
    """Whether that run has forgotten rows: nobody cited them, so none points at them again."""

    async def chunk(self, chunk: int) -> Restored:
        """Undo one chunk of the run, and keep that the next one is before it."""
        batch = held_batch(self.run)
        added = self.add_chunk(batch, chunk, ALL)
        batch.add(writing(self.number, Checkpoint(undo_chunk=chunk - 1)))
        await commit(self.database, self.run, batch)
        return added.restored()

    def add_chunk(self, batch: Batch, chunk: int, chosen: sql.Fragment) -> Added:
        """Add the statements that undo what is chosen of a chunk; return what counts it."""
        columns = self.schema.columns
        here = {"run": self.target, "chunk": chunk, "undo": self.number}
        listed = ", ".join(map(sql.quote, columns))
        can = can_return(self.target, chosen, forgotten=self.forgotten)
        marked = batch.add(sql.statement("recovery/mark_undone", chunk=chunk, undo=self.number, can_return=can))
        # A loser may point at one that returns after it, in the same statement.
        own = self._guards("insert", "artifacts")
        batch.extend(guard.drop for guard in own)
        values = restored(columns, "loser")
        batch.add(sql.statement("recovery/restore_losers", **here, columns=listed, values=values))
        batch.extend(Statement(guard.create) for guard in own)
        # The last remapped goes first: where two references share a key, each names its rows by the other.
        references = () if self.forgotten else reversed(self.schema.references)
        back = [self._point_back(batch, reference, here) for reference in references]
        return Added(marked, tuple(back))

    def _point_back(self, batch: Batch, reference: Reference, here: dict[str, int]) -> tuple[Answer, Answer]:
        """Add what points the children of one reference back; return what counts them, and what lists the rest."""
        child = {"table_name": reference.table, "column_name": reference.column}
        slots = self.schema.child_slots(reference)
        points = f"child.{slots['child_column']} = +moved.winner_id"
        # Only a key of one column has an index that finds its row; a key of several is found by where it points.
        still_there = points if slots["row_key"].startswith("json_array") else f"({points}) IS 1"
        point = sql.statement("recovery/point_back", **here, **child, **slots, still_there=still_there)
        left = sql.statement("recovery/refused_remaps", **here, **child, **slots)
        return batch.add_counted(point), batch.add(sql.showing(left, *MOVED_ON))

    async def orphans(self) -> Restored:
        """Point the orphans of the run back at the ids they looked for, where they did not move on since."""
        total = Restored()
        for reference in reversed(self.schema.references):
            total += await self._orphans_of(reference)
        return total

    async def _orphans_of(self, reference: Reference) -> Restored:
        batch = held_batch(self.run)
        added = self.add_orphans(batch, reference, ALL)
        await commit(self.database, self.run, batch)
        return added.restored()

    def add_orphans(self, batch: Batch, reference: Reference, chosen: sql.Fragment) -> Added:
        """Add the statements that point the chosen orphans of a reference back; return what counts them."""
        child = {"table_name": reference.table, "column_name": reference.column}
        runs, slots = {"run": self.target, "undo": self.number}, self.schema.child_slots(reference)
        # The guard of the child refuses an id that is missing, as it was before the recovery.
        guards = self._guards("update", reference.table)
        batch.extend(guard.drop for guard in guards)
        declared = str(int(reference.declared))
        marking = sql.fragment("recovery/mark_orphans", **slots, declared=declared, chosen=chosen)
        batch.add(sql.bind(marking, **runs, **child))
        back = batch.add_counted(sql.statement("recovery/orphans_back", **runs, **child, **slots))
        batch.extend(Statement(guard.create) for guard in guards)
        left = sql.statement("recovery/refused_orphans", run=self.target, **child, **slots)
        return Added(None, ((back, batch.add(sql.showing(left, *MOVED_ON))),))

    def _guards(self, kind: str, table: str) -> list[Guard]:
        """Return the guards of that kind that the table has."""
        here = (guard for guard in self.schema.guards if guard.name in self.schema.triggers)
        return [guard for guard in here if (guard.kind, guard.table) == (kind, table)]
