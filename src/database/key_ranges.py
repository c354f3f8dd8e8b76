"""Take a table in ranges of its key, because D1 stops a query at 30 seconds.

A range is (after, up to and including until]; None leaves that side open, so a small table is one range: the table.
Rows whose key is NULL belong to the first range.

A bound travels as a text of its type and its digits, `i:12` or `t:6162`, and becomes a value again in SQL: JavaScript
rounds whole numbers beyond 2^53, JSON holds no bytes, and a column without a type compares texts and numbers apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import sql
from ports import Database, Statement

RANGE_ROWS = 250_000
"""A query over this many rows takes about a second."""

Bound = tuple[str, ...]

BOUND_BYTES = 1_100
"""No longer value bounds a range: the bounds of a check under way are kept in one row. An object's key has 1,024."""

_VALUE = {"i": "+CAST({} AS INTEGER)", "r": "+CAST({} AS REAL)", "t": "+CAST(unhex({}) AS TEXT)", "b": "unhex({})"}
"""The SQL expression of a bound by its type. Unary plus takes away the affinity that the cast would lend the column."""


@dataclass(frozen=True)
class KeyRanges:
    """A table and the columns that order its rows."""

    table: str
    keys: tuple[str, ...]

    def _text(self) -> str:
        return ", ".join(_identifier(key) for key in self.keys)

    def rows(self, after: Bound | None, until: Bound | None) -> sql.Fragment:
        """Return the rows of a range as a table expression."""
        conditions: list[str] = []
        params: dict[str, str] = {}
        for name, sign, key in (("after", ">", after), ("until", "<=", until)):
            if key is not None:
                marks = [_VALUE[one[0]].format(f":{name}_{index}") for index, one in enumerate(key)]
                conditions.append(f"({self._text()}) {sign} ({', '.join(marks)})")
                params |= {f"{name}_{index}": one[2:] for index, one in enumerate(key)}
        if not conditions:
            return sql.Fragment(sql.quote(self.table))
        terms = [self._chosen(" AND ".join(conditions))]
        if after is None and len(self.keys) == 1 and self.keys != ("rowid",):
            # SQLite takes NULLs in a PRIMARY KEY that is not the rowid, and no comparison finds them. With OR in place
            # of the second term it would scan the table. Several keys are those of objects: walked where NOT NULL.
            terms.append(self._chosen(f"{_identifier(self.keys[0])} IS NULL"))
        return sql.Fragment(f"({' UNION ALL '.join(terms)})", params)

    def _chosen(self, condition: str) -> str:
        hidden = "rowid, " if self.keys == ("rowid",) else ""
        return f"SELECT {hidden}* FROM {sql.quote(self.table)} WHERE {condition}"  # noqa: S608  # names and marks alone

    async def next_boundary(self, database: Database, after: Bound | None, range_rows: int) -> Bound | None:
        """Return the last key of the range of `range_rows` that follows `after`, or None for the last range."""
        names = [_identifier(key) for key in self.keys]
        # The difference is NULL for an infinite number, whose digits do not make it a number again, and for NULL.
        fit = [f"{name} - {name} = 0 AND length(CAST({name} AS BLOB)) <= {BOUND_BYTES}" for name in names]
        slots = {"keys": self._text(), "bounds": ", ".join(map(_bound, names)), "fit": " AND ".join(fit)}
        wanted = sql.statement("checks/boundary", range_rows=range_rows, rows=self.rows(after, None), **slots)
        [result] = await database.batch([wanted])
        # By place: the columns have no names of their own.
        return tuple(map(str, result.rows[0].values())) if result.rows else None

    def span(self, row_key: str) -> Statement:
        """Return the statement that bounds the number of rows by their whole-number keys."""
        return sql.statement("checks/span", key=_identifier(row_key), table=sql.quote(self.table))


def _bound(name: str) -> str:
    """Return the SQL expression of a key as a bound."""
    digits = f"CASE typeof({name}) WHEN 'integer' THEN {name} WHEN 'real' THEN quote({name}) ELSE hex({name}) END"
    return f"substr(typeof({name}), 1, 1) || ':' || {digits}"


def shown_bound(bound: Bound) -> str:
    """Return a bound as a person reads it."""
    return ", ".join(_readable(one[0], one[2:]) for one in bound)


def _readable(kind: str, digits: str) -> str:
    if kind == "t":
        return repr(bytes.fromhex(digits).decode(errors="replace"))
    return f"x'{digits}'" if kind == "b" else digits


def _identifier(name: str) -> str:
    # Quoted, it could be read as a text where a table has no rowid.
    return name if name == "rowid" else sql.quote(name)
