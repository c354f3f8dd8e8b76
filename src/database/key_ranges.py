"""Take a table in ranges of its key, because D1 stops a query at 30 seconds.

A range is (after, up to and including until]; None leaves that side open, so a small table is one range: the table.
Rows whose key is NULL belong to the first range.

A bound travels as a text of its type and its digits, `i:12` or `t:6162`, and becomes a value again in SQL: JavaScript
rounds whole numbers beyond 2^53, JSON holds no bytes, and a column without a type compares texts and numbers apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import sql
from ports import Database, Statement, Value

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
    binary: bool = False
    """Whether texts are compared byte for byte, whatever the columns' own collation."""

    def _text(self) -> str:
        return ", ".join(_identifier(key) for key in self.keys)

    def order(self) -> str:
        """Return the ORDER BY of the keys; nothing without any."""
        terms = ", ".join(_identifier(key) + self._collation for key in self.keys)
        return f"ORDER BY {terms}" if self.keys else ""

    def beyond(self, after: Bound | None) -> sql.Fragment:
        """Return the condition that the keys come after a bound; None is before all.

        Of several, all but the last are compared by themselves too: an index may serve those where the last one is a
        column of another table.
        """
        if after is None:
            return sql.Fragment("1")
        whole = self._compared("after", ">", after)
        first = [f"{self._compared('after', '>=', after[:-1]).text} AND "] if len(after) > 1 else []
        return sql.Fragment("".join([*first, whole.text]), whole.params)

    def bound(self, key: str) -> str:
        """Return the SQL expression of one of the keys as a bound."""
        return _bound(_identifier(key))

    @property
    def _collation(self) -> str:
        return " COLLATE BINARY" if self.binary else ""

    def _compared(self, name: str, sign: str, key: Bound) -> sql.Fragment:
        """Return the comparison of the first keys with those of a bound."""
        # No index serves a row value with a collation on its left side; on the right it counts as well.
        marks = [_VALUE[one[0]].format(f":{name}_{index}") + self._collation for index, one in enumerate(key)]
        given = {f"{name}_{index}": one[2:] for index, one in enumerate(key)}
        keys = ", ".join(_identifier(one) for one in self.keys[: len(key)])
        return sql.Fragment(f"({keys}) {sign} ({', '.join(marks)})", given)

    def rows(self, after: Bound | None, until: Bound | None) -> sql.Fragment:
        """Return the rows of a range as a table expression."""
        conditions: list[str] = []
        params: dict[str, Value] = {}
        for name, sign, key in (("after", ">", after), ("until", "<=", until)):
            if key is not None:
                compared = self._compared(name, sign, key)
                conditions.append(compared.text)
                params |= compared.params
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
