"""Take a table in ranges of its key, because D1 stops a query at 30 seconds.

A range is (after, up to and including until]; None leaves that side open, so a small table is one range: the table.
Rows whose key is NULL belong to the first range.
"""

from __future__ import annotations

from dataclasses import dataclass

import sql
from ports import Database, Statement, Value

RANGE_ROWS = 250_000
"""A query over this many rows takes about a second."""

FIRST_PARAMETER = 3
"""`?1` and `?2` belong to the invariant's own text."""

Key = tuple[Value, ...]


@dataclass(frozen=True)
class Walked:
    """A table and the columns that order its rows."""

    table: str
    keys: tuple[str, ...]

    def _text(self) -> str:
        return ", ".join(_identifier(key) for key in self.keys)

    def rows(self, after: Key | None, until: Key | None, first: int = FIRST_PARAMETER) -> tuple[str, Key]:
        """Return the rows of a range as a table expression, and its parameters, numbered from `first`."""
        bounds = [(sign, key) for sign, key in ((">", after), ("<=", until)) if key is not None]
        if not bounds:
            return sql.quote(self.table), ()
        conditions: list[str] = []
        params: list[Value] = []
        for sign, key in bounds:
            marks = ", ".join(f"?{first + len(params) + index}" for index in range(len(key)))
            conditions.append(f"({self._text()}) {sign} ({marks})")
            params.extend(key)
        terms = [self._chosen(" AND ".join(conditions))]
        if after is None and len(self.keys) == 1 and self.keys != ("rowid",):
            # SQLite takes NULLs in a PRIMARY KEY that is not the rowid, and no comparison finds them. With OR in place
            # of the second term it would scan the table. Several keys are those of objects: walked where NOT NULL.
            terms.append(self._chosen(f"{_identifier(self.keys[0])} IS NULL"))
        return f"({' UNION ALL '.join(terms)})", tuple(params)

    def _chosen(self, condition: str) -> str:
        hidden = "rowid, " if self.keys == ("rowid",) else ""
        return f"SELECT {hidden}* FROM {sql.quote(self.table)} WHERE {condition}"  # noqa: S608  # names and marks alone

    async def next_boundary(self, database: Database, after: Key | None, range_rows: int) -> Key | None:
        """Return the last key of the range of `range_rows` that follows `after`, or None for the last range."""
        rows, params = self.rows(after, None, first=2)
        shown = ", ".join(f"{exact(_identifier(key))} AS {sql.quote(key)}" for key in self.keys)
        names = {"keys": self._text(), "shown_keys": shown, "first_key": _identifier(self.keys[0])}
        statement = sql.statement("checks/boundary", range_rows, *params, **names, rows=rows)
        [result] = await database.batch([statement])
        # By place: SQLite names a column as its table declares it, in whatever case it was asked for.
        return tuple(result.rows[0].values()) if result.rows else None

    def span(self, row_key: str) -> Statement:
        """Return the statement that bounds the number of rows by their whole-number keys."""
        return sql.statement("checks/span", key=_identifier(row_key), table=sql.quote(self.table))


def exact(value: str) -> str:
    """Return the SQL expression of a value whose whole numbers beyond 2^53, which JavaScript would round, are texts."""
    beyond = f"typeof({value}) = 'integer' AND {value} NOT BETWEEN -9007199254740991 AND 9007199254740991"
    return f"CASE WHEN {beyond} THEN CAST({value} AS TEXT) ELSE {value} END"


def _identifier(name: str) -> str:
    # Quoted, it could be read as a text where a table has no rowid.
    return name if name == "rowid" else sql.quote(name)
