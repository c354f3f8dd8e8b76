"""One chunk of a merge as one transaction: journal the losers, carry a known type, move every child, delete.

No reader ever sees a row deleted while something references it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import sql
from database.batch import Answer, Batch, ask
from database.rows import number
from database.schema import Reference, Schema
from ports import Statement
from recovery.call import Call
from recovery.duplicates import ObjectKey, given_objects, object_key
from recovery.journal import whole_row
from runs.lease import commit, held_batch

EVERY_LOSER = 1_000_000_000


@dataclass(frozen=True)
class Chunk:
    """Objects to merge in one transaction. No two chunks of a run share a number: its statements act on what has it."""

    run: int
    number: int
    objects: Sequence[ObjectKey]
    most_losers: int | None = None
    """How many losers of its one object it takes, where that has too many rows for one transaction; None: all."""

    @property
    def here(self) -> dict[str, int]:
        """What names the chunk in the journal."""
        return {"run": self.run, "chunk": self.number}


@dataclass(frozen=True)
class Merged:
    """What one chunk did, as counted in its transaction."""

    deleted: int
    carried: int
    children: int

    def __add__(self, other: Merged) -> Merged:
        """Return what both did."""
        return Merged(self.deleted + other.deleted, self.carried + other.carried, self.children + other.children)


async def merge_chunk(
    call: Call, schema: Schema, chunk: Chunk, kept: Sequence[Statement], checks: Sequence[Statement] = ()
) -> Merged:
    """Merge the chunk once the `checks` hold, and keep in the same transaction how far that is.

    Raises what `commit` raises; where anything is not as it was planned, a constraint fails and nothing is changed.
    """
    objects, here = given_objects(chunk.objects), chunk.here
    ranked, most = call.ranking.rows(objects), chunk.most_losers or EVERY_LOSER
    batch = held_batch(call.run)
    batch.extend(checks)
    row = whole_row(schema.columns, "artifacts")
    journal = sql.statement("recovery/journal_losers", **here, most=most, ranked=ranked, whole_row=row)
    journalled = batch.add(journal)
    batch.add(sql.statement("recovery/check_journalled", **here, most=most, groups=objects))
    batch.add(sql.statement("recovery/spend_deletes", **here))
    carried = batch.add_counted(sql.statement("recovery/carry_type", ranked=ranked))
    moved = [_move(batch, schema, reference, chunk) for reference in schema.references]
    batch.add(sql.statement("recovery/delete_losers", **here))
    batch.add(sql.statement("recovery/check_deleted", **here))
    batch.extend(kept)
    await commit(call.database, call.run, batch)
    return Merged(journalled.changes, carried.changed, sum(one.changes for one in moved))


def _move(batch: Batch, schema: Schema, reference: Reference, chunk: Chunk) -> Answer:
    """Add the statements that journal and move the children of one reference; return what counts them."""
    here, slots = chunk.here, schema.child_slots(reference)
    own = {"child_table": slots["child_table"], "child_column": slots["child_column"]}
    named = {"table_name": reference.table, "column_name": reference.column}
    no_self = sql.fragment("recovery/no_self", **here, child_column=own["child_column"])
    refers_to_itself = reference.table.lower() == "artifacts"
    # The journal has no triggers, so this counts its rows alone; `check_moved` holds that so many were moved.
    journalled = batch.add(sql.statement("recovery/journal_remaps", **here, **named, **slots))
    batch.add(sql.statement("recovery/count_remaps"))
    batch.add(sql.statement("recovery/remap_children", **here, **own))
    batch.add(sql.statement("recovery/check_moved", **here, **own, no_self=no_self if refers_to_itself else "1"))
    return journalled


@dataclass(frozen=True)
class Fitting:
    """The first of some objects that make one chunk."""

    objects: tuple[ObjectKey, ...]
    part: int | None = None
    """How many losers of the one object the chunk takes; None: all of its objects' losers."""


async def fitting(call: Call, schema: Schema, objects: Sequence[ObjectKey], most_rows: int) -> Fitting:
    """Return the first objects that touch at most `most_rows` rows together, children included; at least one."""
    if not objects:
        return Fitting(())
    counted = _sum([reference.counted for reference in schema.references])
    weigh = sql.statement("recovery/weigh_groups", groups=given_objects(objects), children=counted)
    rows = {object_key(row): row for row in await ask(call.database, weigh)}
    # An object that somebody deleted meanwhile has no row, and weighs nothing.
    own = [number(rows[key], "rows_of_it") if key in rows else 0 for key in objects]
    whole = [own[at] + (number(rows[key], "children") if key in rows else 0) for at, key in enumerate(objects)]
    if whole[0] > most_rows and own[0] > 2:  # noqa: PLR2004  # a winner and one loser cannot be parted
        losers = own[0] - 1
        part = max(1, most_rows * losers // whole[0])
        return Fitting((objects[0],), part if part < losers else None)
    sums = accumulate(whole)
    return Fitting(tuple(key for key, total in zip(objects, sums, strict=True) if total <= max(most_rows, whole[0])))


def _sum(terms: Sequence[str]) -> str:
    """Return the SQL sum of the terms, as a tree: D1 takes expressions no deeper than 100."""
    if len(terms) < 2:  # noqa: PLR2004  # what needs no plus
        return terms[0] if terms else "0"
    middle = len(terms) // 2
    return f"({_sum(terms[:middle])} + {_sum(terms[middle:])})"
