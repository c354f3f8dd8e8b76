"""Take a recovery's merge back: the losers return with their ids and all columns, their children point at them again.

So do the orphans that it pointed at a winner: at the ids that are missing.

Row by row, where nothing moved on since; what moved on is left as it is and told. A type that a winner took from a
loser stays: it is knowledge, and dropping below a known type is what the guards forbid.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import sql
from database.guards import Guard
from database.schema import Reference, Schema, read_schema
from errors import RefusedError
from ports import Database, Ports, Row, Statement
from recovery.checkpoint import undo_position
from recovery.journal import restored, restored_object
from recovery.merge import changed, write_held
from recovery.saga import SECONDS
from recovery.steps import STATEMENTS
from runs import record as runs
from runs.costs import Cost, MeteredDatabase
from runs.pause import pausing
from runs.record import Opening, Run, fail_run, open_run
from settings import Settings

BY = "undo"

OBJECT = restored_object("steward_merges.loser")

MOVED_ON = ("child_table", "child_column", "row_key", "points_at")
"""What is shown of a child that moved on."""


@dataclass
class Undo:
    """The undoing of run `target`, under the lease of `run`."""

    database: Database
    schema: Schema
    run: Run
    target: int
    losers: int = 0
    children: int = 0
    moved_on: list[Row] = field(default_factory=list)

    async def open_the_way(self, indexes: list[str]) -> None:
        """Drop the unique indexes, under which no loser could return; an ordinary one takes their place."""
        drops = [sql.statement("recovery/drop_index", name=sql.quote(name)) for name in indexes]
        await write_held(self.database, self.run, sql.statement("recovery/create_object_index"), *drops)

    async def chunks(self, numbers: list[int], cost: Cost) -> int | None:
        """Undo these chunks in their order; return the one that the next call goes on at where a budget is used up.

        Chunks that the call before came past are not taken again: what is refused in them would use it up each time.
        """
        begin = await undo_position(self.database, self.target)
        for number in numbers:
            if begin is not None and number > begin:
                continue
            late = self.run.clock.now() - self.run.started_at > timedelta(seconds=SECONDS)
            if late or cost.statements >= STATEMENTS:
                return number
            await self.chunk(number)
        return None

    async def chunk(self, number: int) -> None:
        """Undo one chunk of the merge in one transaction."""
        columns = self.schema.columns
        here = {"run": self.target, "chunk": number, "undo": self.run.id}
        listed = ", ".join(map(sql.quote, columns))
        restore = sql.statement("recovery/restore_losers", **here, columns=listed, values=restored(columns, "loser"))
        # A loser may point at one that returns after it, in the same statement.
        own = self._guards("insert", "artifacts")
        head = [sql.statement("recovery/mark_undone", **here, **OBJECT), *(guard.drop for guard in own), restore]
        head += [Statement(guard.create) for guard in own]
        # The last remapped goes first: where two references share a key, each names its rows by the other.
        back = [one for reference in reversed(self.schema.references) for one in self._point_back(reference, here)]
        results = await write_held(self.database, self.run, *head, *back)
        self.losers += results[0].changes
        pointed = results[len(head) :]
        self.children += sum(changed(result) for result in pointed[1::3])
        self.moved_on += [row for result in pointed[2::3] for row in result.rows]

    def _point_back(self, reference: Reference, here: dict[str, int]) -> list[Statement]:
        """Return the three statements that point the children of one reference back, count them, and list the rest."""
        child = {"table_name": reference.table, "column_name": reference.column}
        slots = self.schema.child_slots(reference)
        points = f"child.{slots['child_column']} = +moved.winner_id"
        # Only a key of one column has an index that finds its row; a key of several is found by where it points.
        still_there = points if slots["row_key"].startswith("json_array") else f"({points}) IS 1"
        return [
            sql.statement("recovery/point_back", **here, **child, **slots, still_there=still_there),
            sql.statement("runs/last_change"),
            sql.showing(sql.statement("recovery/refused_remaps", **here, **child, **slots), *MOVED_ON),
        ]

    def _guards(self, kind: str, table: str) -> list[Guard]:
        """Return the guards of that kind that the table has."""
        here = (guard for guard in self.schema.guards if guard.name in self.schema.triggers)
        return [guard for guard in here if (guard.kind, guard.table) == (kind, table)]

    async def orphans(self) -> None:
        """Point the orphans of the run back at the ids they looked for, where they did not move on since."""
        for reference in reversed(self.schema.references):
            child = {"table_name": reference.table, "column_name": reference.column}
            runs_of = {"run": self.target, "undo": self.run.id}
            slots = self.schema.child_slots(reference)
            # The guard of the child refuses an id that is missing, as it was before the recovery.
            guards = self._guards("update", reference.table)
            back = [
                sql.statement(
                    "recovery/mark_orphans", **runs_of, **child, **slots, declared=str(int(reference.declared))
                ),
                sql.statement("recovery/orphans_back", **runs_of, **child, **slots),
                sql.statement("runs/last_change"),
            ]
            again = [Statement(guard.create) for guard in guards]
            refused = sql.showing(
                sql.statement("recovery/refused_orphans", run=self.target, **child, **slots), *MOVED_ON
            )
            results = await write_held(
                self.database, self.run, *(guard.drop for guard in guards), *back, *again, refused
            )
            self.children += changed(results[len(guards) + 2])
            self.moved_on += results[-1].rows

    async def refused(self) -> list[Row]:
        """Return up to 100 merges and 100 children that could not be undone because they moved on, and why."""
        refused = sql.statement("recovery/refused_merges", run=self.target, **OBJECT)
        columns = ("loser_id", "winner_id", "r2_bucket", "r2_key", "why")
        [merges] = await self.database.batch([sql.showing(refused, *columns)])
        return [*merges.rows, *self.moved_on[:100]]


async def undo_run(ports: Ports, settings: Settings, target: int) -> dict[str, object]:
    """Undo the merges of recovery `target` and return what came back and what was refused.

    Doing it twice changes nothing. Raises InputError (404) where there is no such run, RefusedError where the run is
    no live recovery, the unique index cannot be dropped, or another run has the lease.
    """
    await _refuse_other_runs(ports.database, target)
    run = await open_run(ports.database, ports.clock, Opening("undo", "live", "http", {"run": target}, exclusive=True))
    cost = Cost()
    try:
        report, goes_on_at = await _undo(ports, settings, run, target, cost)
    except Exception as error:
        await fail_run(run, error, cost=cost)
        raise
    counts = {**report, "goes_on_at": goes_on_at}
    await run.close("succeeded" if report["done"] else "stopped", counts=counts, cost=cost)
    return report


async def _refuse_other_runs(database: Database, target: int) -> None:
    found = await runs.require_run(database, target)
    if found["kind"] != "recovery" or found["mode"] != "live":
        hint = "Only a live recovery deletes rows; GET /runs?kind=recovery lists them."
        raise RefusedError("not_a_recovery", f"Run {target} is a {found['mode']} {found['kind']}.", hint=hint)


async def _undo(
    ports: Ports, settings: Settings, run: Run, target: int, cost: Cost
) -> tuple[dict[str, object], int | None]:
    """Return the report, and the chunk that the next call goes on at where this one stopped."""
    database = MeteredDatabase(ports.database, cost)
    schema = await read_schema(database, settings.children, settings.not_children)
    schema.refuse_missing_children()
    schema.refuse_cascades()
    work = Undo(database, schema, run, target)
    indexes: list[str] = []
    chunks, pointed = await database.batch(
        [sql.statement("recovery/merge_chunks", run=target), sql.statement("recovery/orphans_to_undo", run=target)]
    )
    orphans = int(pointed.rows[0]["orphans"] or 0)
    if chunks.rows:
        indexes = await _droppable_indexes(database)
        schema.refuse_pair_keys()
    if chunks.rows or orphans:
        await write_held(database, run, pausing(ports.clock, by=BY, reason=f"undo of run {target}"))
    if chunks.rows:
        await work.open_the_way(indexes)
    goes_on_at = await work.chunks([int(row["chunk"] or 0) for row in chunks.rows], cost)
    # The losers are back by then: an orphan may have looked for one of them.
    if goes_on_at is None and orphans:
        await work.orphans()
    report: dict[str, object] = {
        "run_id": run.id,
        "undone_run": target,
        "done": goes_on_at is None,
        "restored": work.losers,
        "children_restored": work.children,
        "refused": await work.refused(),
    }
    return report, goes_on_at


async def _droppable_indexes(database: Database) -> list[str]:
    """Return the unique indexes that keep a loser from returning; raises RefusedError where one cannot be dropped."""
    [found] = await database.batch([sql.statement("schema/pair_indexes")])
    if all(row["droppable"] for row in found.rows):
        return [str(row["name"]) for row in found.rows]
    message = "A unique index is part of the table's declaration and cannot be dropped: no duplicate can return."
    hint = "Restore the database to the recovery's bookmark with D1 Time Travel instead (docs/runbook.md)."
    raise RefusedError("unique_index", message, hint=hint)
