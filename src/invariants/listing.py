"""Every row that breaks an invariant, page by page, each page at a bounded cost.

A query that walks a table is asked about one range of it after the other, one whose header names `keys` continues after
the last row's keys, by an index. Any other is asked for its rows again, without those that were given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import sql
from database.batch import ask, ask_one
from database.key_ranges import BOUND_BYTES, Bound, KeyRanges
from database.rows import text
from invariants.catalogue import Invariant
from invariants.facts import Facts
from invariants.row_place import RowPlace
from invariants.spec import CheckSpec
from invariants.subjects import Subject, key_ranges, query, subjects, unmet
from ports import Row

VALUE_CHARACTERS = 1024
"""R2 takes keys of 1,024 bytes; a longer value is shortened."""

MOST_LOOKS = 8
"""Ranges that one page looks at, each about a second on a large table: a page may end before it is full."""

_KEY = "steward_key_"


@dataclass(frozen=True)
class RowPage:
    """Some rows, where the next page begins (None at the end), and how many queries it took."""

    rows: Sequence[Row]
    next: RowPlace | None
    looks: int


@dataclass
class RowList:
    """The rows that break one invariant, in a database as `spec` has it."""

    spec: CheckSpec
    invariant: Invariant
    _columns: dict[int, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._facts = Facts(self.spec.database, self.spec)
        # Of a database that cannot be asked, nothing is looked at.
        self._subjects = [] if self.unmet else subjects(self.invariant, self.spec.schema)

    @property
    def unmet(self) -> str | None:
        """Why the database cannot be asked at all; None where it can."""
        return unmet(self.invariant, self.spec.schema)

    async def page(self, place: RowPlace, most: int, most_looks: int = MOST_LOOKS) -> RowPage:
        """Return up to `most` rows from a place on, with so many looks at the database."""
        rows: list[Row] = []
        looks, at = 0, place if place.subject < len(self._subjects) else None
        while at is not None and len(rows) < most and looks < most_looks:
            found, at = await self._look(at, most - len(rows))
            rows += found
            looks += 1
        return RowPage(rows, at, looks)

    async def queries(self) -> list[str]:
        """Return the queries as SQL to paste into a console, in the database's own names, each over a whole table."""
        made = [await self._query(one, KeyRanges(_table(one), ()).rows(None, None)) for one in self._subjects]
        return [self.spec.schema.said(sql.readable(one)) for one in made]

    async def _look(self, at: RowPlace, most: int) -> tuple[list[Row], RowPlace | None]:
        """Return the rows of one range, and the place after them."""
        subject = self._subjects[at.subject]
        ranges = key_ranges(self.invariant, subject, self.spec.schema)
        until = None
        if ranges is not None:
            until = await ranges.next_boundary(self.spec.database, at.after, self.spec.how.range_rows)
        rows = await self._rows(at, until, most)
        given, bounds = _parted(rows)
        if len(rows) == most:
            return given, at.further(bounds[-1], most)
        if until is not None:
            return given, RowPlace(at.subject, until)
        return given, RowPlace(at.subject + 1) if at.subject + 1 < len(self._subjects) else None

    async def _rows(self, at: RowPlace, until: Bound | None, most: int) -> list[Row]:
        subject = self._subjects[at.subject]
        ranges = key_ranges(self.invariant, subject, self.spec.schema)
        whole = KeyRanges(_table(subject), ())
        rows = ranges.rows(at.after, until) if ranges else whole.rows(None, None)
        made = await self._query(subject, rows)
        keys = self._keys(ranges)
        columns = [
            *(f"{sql.shown(name, VALUE_CHARACTERS)} AS {name}" for name in map(sql.quote, await self._names(at, made))),
            *(f"{keys.bound(name)} AS {_KEY}{index}" for index, name in enumerate(keys.keys)),
        ]
        after = None if ranges else at.after
        slots: dict[str, sql.Fragment | str] = {
            "columns": ", ".join(columns),
            "ordered": keys.order(),
            "condition": keys.beyond(after),
        }
        return await ask(
            self.spec.database, sql.statement("checks/listed", query=made, most=most, skip=at.skip, **slots)
        )

    def _keys(self, ranges: KeyRanges | None) -> KeyRanges:
        """Return the columns of the query that order its rows; none where a table has no key that could."""
        if ranges is None:
            return KeyRanges("", () if self.invariant.walks == "table" else self.invariant.keys, binary=True)
        # The keys of objects are those of the index, which may be without the bucket.
        walks_objects = self.invariant.walks == "objects" and self.invariant.keys
        return KeyRanges("", ranges.keys if walks_objects else self.invariant.keys)

    async def _names(self, at: RowPlace, made: sql.Fragment) -> list[str]:
        if at.subject not in self._columns:
            found = await ask_one(self.spec.database, sql.statement("checks/columns", query=made))
            self._columns[at.subject] = list(found)
        return self._columns[at.subject]

    async def _query(self, subject: Subject, rows: sql.Fragment) -> sql.Fragment:
        return await query(self.invariant, subject, self.spec.schema.cited, self._facts.about)(rows)


def _table(subject: Subject) -> str:
    return subject.table.name if subject.table else "artifacts"


def _parted(rows: Sequence[Row]) -> tuple[list[Row], list[Bound | None]]:
    """Return the rows without their keys, and the keys; None for keys that cannot be a bound."""
    given = [{name: value for name, value in row.items() if not name.startswith(_KEY)} for row in rows]
    return given, [_bound_of(row) for row in rows]


def _bound_of(row: Row) -> Bound | None:
    names = [name for name in row if name.startswith(_KEY)]
    found = tuple(text(row, name) for name in names)
    fits = all(one[0] != "n" and len(one) <= 2 * BOUND_BYTES for one in found)
    return found if found and fits else None
