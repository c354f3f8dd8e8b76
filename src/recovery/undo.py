"""Take a recovery's merge back: the losers return with their ids and all columns, their children point at them again.

So do the orphans that it pointed at a winner: at the ids that are missing. A type that a winner took from a loser
stays: it is knowledge, and dropping below a known type is what the guards forbid.
"""

from __future__ import annotations

from dataclasses import dataclass

import sql
from database.batch import Batch, ask
from database.rows import number
from database.schema import Schema
from errors import RefusedError
from ports import Database, Row, Statement
from recovery.checkpoint import read_undo
from recovery.restore import ALL, OBJECT, Restored, Undoing
from runs.budget import Budget
from runs.lease import Holder, write_held

_REFUSED = ("loser_id", "winner_id", "r2_bucket", "r2_key", "why")


@dataclass(frozen=True)
class _Journal:
    """What the journal holds of the run: the chunks to undo, the last one first, and how many orphans."""

    chunks: list[int]
    orphans: int


async def undo(work: Undoing, budget: Budget, pause: Statement) -> tuple[Restored, bool]:
    """Undo what the journal holds of the run; return what came back, and whether all of it was taken.

    Raises RefusedError, before anything is changed, where the unique index cannot be dropped.
    """
    journal = await _read_journal(work.database, work.target)
    await make_room(work, pause, merges=bool(journal.chunks), orphans=bool(journal.orphans))
    restored, done = await _chunks(work, journal.chunks, budget)
    # The losers are back by then: an orphan may have looked for one of them.
    if done and journal.orphans:
        restored += await work.orphans()
    return restored, done


async def make_room(work: Undoing, pause: Statement, *, merges: bool, orphans: bool) -> None:
    """Pause, and drop the indexes under which no loser could return, where there are merges or orphans to undo.

    Raises RefusedError, before anything is changed, where one cannot be dropped.
    """
    indexes = await _droppable_indexes(work.database, work.schema) if merges else []
    if merges or orphans:
        await write_held(work.database, work.run, pause)
    if merges:
        await _make_room(work.database, work.run, indexes)


async def undo_forgetting(work: Undoing, budget: Budget, _pause: Statement) -> tuple[Restored, bool]:
    """Bring back what a forgetting deleted; return what came back, and whether all of it was taken."""
    journal = await _read_journal(work.database, work.target)
    return await _chunks(work, journal.chunks, budget)


async def refused(database: Database, target: int, chosen: sql.Fragment = ALL, *, forgotten: bool) -> list[Row]:
    """Return up to 100 of the chosen merges, or `forgotten` rows, which could not be undone, and why."""
    why = "recovery/refused_returns" if forgotten else "recovery/refused_merges"
    found = sql.bind(sql.fragment(why, **OBJECT, chosen=chosen), run=target)
    return await ask(database, sql.showing(found, *_REFUSED))


async def _read_journal(database: Database, target: int) -> _Journal:
    batch = Batch()
    chunks = batch.add(sql.statement("recovery/merge_chunks", run=target))
    orphans = batch.add(sql.statement("recovery/orphans_to_undo", run=target))
    await batch.run(database)
    return _Journal([number(row, "chunk") for row in chunks.rows], number(orphans.row, "orphans"))


async def _chunks(work: Undoing, chunks: list[int], budget: Budget) -> tuple[Restored, bool]:
    """Undo these chunks in their order; return what came back, and whether all of them were taken.

    Chunks that the call before came past are not taken again: what is refused in them would use the budget up.
    """
    first, part, restored = await read_undo(work.database, work.target), budget.part("merge"), Restored()
    for chunk in chunks:
        if first is not None and chunk > first:
            continue
        if part.spent():
            return restored, False
        restored += await work.chunk(chunk)
    return restored, True


async def _make_room(database: Database, run: Holder, indexes: list[str]) -> None:
    """Drop the unique indexes, under which no loser could return; an ordinary one takes their place."""
    drops = [sql.statement("recovery/drop_index", name=sql.quote(name)) for name in indexes]
    await write_held(database, run, sql.statement("recovery/create_object_index"), *drops)


async def _droppable_indexes(database: Database, schema: Schema) -> list[str]:
    """Return the unique indexes that keep a loser from returning; raises RefusedError where one cannot be dropped."""
    found = await ask(database, sql.statement("schema/pair_indexes"))
    if not all(row["droppable"] for row in found):
        message = "A unique index is part of the table's declaration and cannot be dropped: no duplicate can return."
        hint = "Restore the database to the recovery's bookmark with D1 Time Travel instead (docs/runbook.md)."
        raise RefusedError("unique_index", message, hint=hint)
    schema.refuse_pair_keys()
    return [str(row["name"]) for row in found]
