"""The figures: what each kind of work takes of its counts, measured on D1 statement by statement (2026-11-29).

`read` and `written` are D1's rows, which it counts for every row and index entry that is looked at or changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from database.key_ranges import RANGE_ROWS
from forecast.needs import Needs

PAGE = 1_000
ONCE = Needs(rows_read=190, rows_written=8, d1_batches=3, d1_statements=15)
"""A manual run without its pages: the lease, the run's row, the schema, the rules."""

CHECK_ONCE = Needs(rows_read=1_500, rows_written=9, d1_batches=28, d1_statements=35)
CALL_ONCE = Needs(rows_read=4_000, rows_written=110, d1_batches=45, d1_statements=60)
CHUNK_GROUPS, CHUNK_ROWS = 250, 5_000
REFERENCE_STATEMENTS, CHUNK_STATEMENTS = 5, 13


@dataclass(frozen=True)
class Table:
    """How large a database is: its artifacts, its children over all references, and artifacts of unknown type."""

    artifacts: float
    children: float
    unknown: float = 0
    references: int = 1


@dataclass(frozen=True)
class Merge:
    """What a recovery merges: objects, rows that lose, children that move; and whether the indexes are there."""

    groups: float
    losers: float
    children: float
    classified: float = 0
    orphans: float = 0
    indexed: bool = True
    """Whether an index on the bucket and key is there; without it the first call creates one."""
    children_indexed: bool = True
    holds_after: bool = True
    """Whether everything holds then; a second round looks again where it does not."""


def backfill(scanned: float, inserted: float, upgraded: float) -> Needs:
    """Return what a live walk over so many objects needs."""
    pages = ceil(scanned / PAGE)
    writing = inserted + upgraded > 0
    return ONCE + Needs(
        # One look into the index an object; what is new is looked at again by the write, with its rule.
        rows_read=1.004 * scanned + 2 * inserted + 3 * upgraded,
        # The row and its entry in the unique index; an upgrade leaves the index of unknown rows.
        rows_written=2 * inserted + 2 * upgraded,
        r2_lists=pages,
        d1_batches=pages,
        d1_statements=pages * (3 if writing else 1),
    )


def full_check(table: Table) -> Needs:
    """Return what a full check on its own needs: it counts the rows by type as well."""
    return CHECK_ONCE + Needs(rows_read=_looked_at(table) + 2 * table.artifacts)


def recovery(table: Table, merge: Merge, max_groups: int) -> Needs:
    """Return what live calls of a recovery need until it is done, groups lying evenly among the keys."""
    calls = max(1, ceil(merge.groups / max_groups))
    needs = Needs(calls=calls)
    for number in range(calls):
        needs += _call(table, merge, number, calls)
    return needs + _last(table, merge)


def undo(merge: Merge, artifacts: float) -> Needs:
    """Return what an undo of such a recovery needs."""
    return ONCE + Needs(
        rows_read=2 * artifacts + 13 * merge.losers + 13 * merge.children,
        rows_written=artifacts + 3.2 * merge.losers + 2 * merge.children,
        d1_batches=ceil(merge.groups / CHUNK_GROUPS) + 8,
        d1_statements=ceil(merge.groups / CHUNK_GROUPS) * 10 + 20,
    )


def returned(rows: float) -> Needs:
    """Return what an undo that brings back so many forgotten rows needs."""
    chunks = ceil(rows / 60)
    return ONCE + Needs(
        rows_read=13 * rows,
        # The row, its entries in two indexes, and its line of the journal.
        rows_written=4 * rows,
        d1_batches=chunks + 8,
        d1_statements=5 * chunks + 20,
    )


def forget(gone: float, free: float) -> Needs:
    """Return what a live forget needs, of whose rows that are gone so many are `free`."""
    chunks = ceil(free / 60)
    return ONCE + Needs(
        rows_read=1_500 + 6 * gone + 22 * free,
        # The row and two index entries go or come: the journal's three, the artifact's, the mark's.
        rows_written=5 * free,
        r2_heads=free,
        d1_batches=2 * chunks + 12,
        d1_statements=10 * chunks + 30,
    )


def _looked_at(table: Table) -> float:
    """Return the rows that the queries of a full check read; a large table is taken in ranges, found by reading it."""
    artifacts = 3 * table.artifacts * (2 if table.artifacts > RANGE_ROWS else 1)
    children = 2 * table.children + (table.children if table.children > RANGE_ROWS else 0)
    return artifacts + children + table.unknown


def _call(table: Table, merge: Merge, number: int, calls: int) -> Needs:
    """Return what one call needs to plan, to measure and to merge its share."""
    share, before = 1 / calls, table.artifacts - merge.losers * number / calls
    rows = (merge.groups + merge.losers) * share
    now = Table(before, table.children, table.unknown * before / table.artifacts if table.artifacts else 0)
    first = number == 0
    unindexed = first and not merge.indexed
    scanned = before * (number + 1) / calls
    plan = 15.2 * before + 2 * table.children + 95.5 * rows if unindexed else 12 * (scanned - rows) + 85.7 * rows
    measured = _looked_at(now) + (2 * before if unindexed else 0)
    counted = (2 * before if unindexed else before) + before - merge.losers * share
    merged = 63.4 * rows + 11 * merge.losers * share + 16 * merge.children * share + 2 * before * share
    created = (2 * before if unindexed else 0) + (2 * table.children if first and not merge.children_indexed else 0)
    written = created / 2 + (4 * merge.losers + 4 * merge.children) * share
    batches = _chunks(merge) * share
    return CALL_ONCE + Needs(
        rows_read=plan + measured + counted + merged + created,
        rows_written=written,
        d1_batches=4 * batches,
        d1_statements=(CHUNK_STATEMENTS + REFERENCE_STATEMENTS * table.references) * batches,
    )


def _chunks(merge: Merge) -> float:
    if not merge.groups:
        return 0
    rows_of_group = (merge.groups + merge.losers + merge.children) / merge.groups
    return merge.groups / min(CHUNK_GROUPS, max(1.0, CHUNK_ROWS / rows_of_group))


def _last(table: Table, merge: Merge) -> Needs:
    """Return what follows the last chunk: the unique index, types, orphans and the checks."""
    after = Table(table.artifacts - merge.losers, table.children, table.unknown - merge.classified)
    rounds = 1 if merge.holds_after else 2
    created = 0 if merge.indexed and not merge.losers else after.artifacts
    each = 4 * after.children + 5 * after.unknown + _looked_at(after)
    again = (rounds - 1) * (12 * after.artifacts + after.artifacts)
    return Needs(
        rows_read=2 * created + rounds * each + again + 4 * merge.classified,
        rows_written=created + 2 * merge.classified + 5 * merge.orphans,
        d1_batches=60 * rounds,
        d1_statements=70 * rounds,
    )
