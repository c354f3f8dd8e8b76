"""Take a recovery's merge back: the losers return with their ids and all columns, their children point at them again.

So do the orphans that it pointed at a winner: at the ids that are missing. A type that a winner took from a loser
stays: it is knowledge, and dropping below a known type is what the guards forbid.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import sql
from database.batch import Batch, ask
from database.rows import number
from database.schema import Schema, read_schema
from errors import RefusedError
from ports import Database, Ports, Row
from recovery.checkpoint import read_undo
from recovery.restore import OBJECT, Restored, Undoing
from runs.budget import Budget
from runs.lease import write_held
from runs.pause import pausing
from runs.record import Opening, Run, fail_run, open_run, require_run
from settings import Settings

BY = "undo"
SECONDS = 100
"""No new chunk starts after this; `done` is then false."""

REFUSED_SHOWN = 100


@dataclass(frozen=True)
class UndoReport:
    """What one call of an undo did; the body of its answer."""

    run_id: int
    undone_run: int
    done: bool
    restored: int
    children_restored: int
    refused: list[Row]
    """Up to 100 merges and 100 children that could not be undone because they moved on, and why."""


async def undo_run(ports: Ports, settings: Settings, target: int) -> dict[str, object]:
    """Undo the merges of recovery `target` and return what came back and what was refused.

    Doing it twice changes nothing. Raises InputError (404) where there is no such run, RefusedError where the run is
    no live recovery, the unique index cannot be dropped, or another run has the lease.
    """
    await _refuse_other_runs(ports.database, target)
    run = await open_run(ports.database, ports.clock, Opening("undo", "live", "http", {"run": target}, exclusive=True))
    budget = Budget.of_run(run, SECONDS)
    try:
        report = await _undo(ports, settings, run, target, budget)
    except Exception as error:
        await fail_run(run, error, cost=budget.cost)
        raise
    body = asdict(report)
    await run.close("succeeded" if report.done else "stopped", counts=body, cost=budget.cost)
    return body


async def _refuse_other_runs(database: Database, target: int) -> None:
    found = await require_run(database, target)
    if found["kind"] != "recovery" or found["mode"] != "live":
        hint = "Only a live recovery deletes rows; GET /runs?kind=recovery lists them."
        raise RefusedError("not_a_recovery", f"Run {target} is a {found['mode']} {found['kind']}.", hint=hint)


@dataclass(frozen=True)
class _Journal:
    """What the journal holds of the run: the chunks to undo, the last one first, and how many orphans."""

    chunks: list[int]
    orphans: int


async def _undo(ports: Ports, settings: Settings, run: Run, target: int, budget: Budget) -> UndoReport:
    database = budget.metered(ports.database)
    schema = await read_schema(database, settings.children, settings.not_children)
    schema.refuse_missing_children()
    schema.refuse_cascades()
    work, journal = Undoing(database, schema, run, run.id, target), await _read_journal(database, target)
    # Before anything is changed: an index that cannot be dropped refuses the whole.
    indexes = await _droppable_indexes(database, schema) if journal.chunks else []
    if journal.chunks or journal.orphans:
        await write_held(database, run, pausing(ports.clock, by=BY, reason=f"undo of run {target}"))
    if journal.chunks:
        await _make_room(database, run, indexes)
    restored, done = await _chunks(work, journal.chunks, budget)
    # The losers are back by then: an orphan may have looked for one of them.
    if done and journal.orphans:
        restored += await work.orphans()
    refused = [*await _refused_merges(database, target), *restored.moved_on[:REFUSED_SHOWN]]
    return UndoReport(run.id, target, done, restored.losers, restored.children, refused)


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


async def _make_room(database: Database, run: Run, indexes: list[str]) -> None:
    """Drop the unique indexes, under which no loser could return; an ordinary one takes their place."""
    drops = [sql.statement("recovery/drop_index", name=sql.quote(name)) for name in indexes]
    await write_held(database, run, sql.statement("recovery/create_object_index"), *drops)


async def _refused_merges(database: Database, target: int) -> list[Row]:
    """Return up to 100 merges that could not be undone, and why."""
    refused = sql.statement("recovery/refused_merges", run=target, **OBJECT)
    columns = ("loser_id", "winner_id", "r2_bucket", "r2_key", "why")
    return await ask(database, sql.showing(refused, *columns))


async def _droppable_indexes(database: Database, schema: Schema) -> list[str]:
    """Return the unique indexes that keep a loser from returning; raises RefusedError where one cannot be dropped."""
    found = await ask(database, sql.statement("schema/pair_indexes"))
    if not all(row["droppable"] for row in found):
        message = "A unique index is part of the table's declaration and cannot be dropped: no duplicate can return."
        hint = "Restore the database to the recovery's bookmark with D1 Time Travel instead (docs/runbook.md)."
        raise RefusedError("unique_index", message, hint=hint)
    schema.refuse_pair_keys()
    return [str(row["name"]) for row in found]
