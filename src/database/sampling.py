"""Find references to artifacts by values: a bounded sample of every column of every ordinary table.

What proves a reference depends on the ids. A long text (a UUID, a hash) or a large whole number that is an id of an
artifact is so by no chance. Small whole numbers are ids of almost any table: there only the name of a column tells.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import sql
from database.rows import number
from database.schema import Schema
from database.suspects import Suspect, folded, named_as_own_reference, named_as_reference, ours
from errors import RefusedError
from naming.names import Names
from ports import Asked, Database, Row

END_ROWS = 250
"""Rows looked at from each end of a table."""

JSON_ROWS = 20
"""The same for texts that hold JSON, which are taken apart."""

ID_BYTES = 200
"""A longer text is taken for no id."""

JSON_BYTES = 8_000
"""A longer text is not taken apart."""

MAX_TABLES = 100
"""A statement or two each: D1 allows 1,000 queries per invocation."""

MAX_COLUMNS = 30
"""Of a table: D1 documents 32 arguments for a SQL function."""

AFTER = 15
"""Queries and calls that follow in a check: findings, alerts, its end."""

NEARLY_ALL = 0.9


@dataclass(frozen=True)
class Sampled:
    """What the names and the values say together."""

    suspects: tuple[Suspect, ...]
    mentions: tuple[Suspect, ...]
    """What refers to artifacts in a way that no merge follows."""


@dataclass(frozen=True)
class _Sample:
    """The columns of a table to look at, and what names its rows."""

    table: str
    columns: tuple[str, ...]
    keys: tuple[str, ...]


async def sample(database: Database, schema: Schema, asked: Asked | None = None, after: int = AFTER) -> Sampled:
    """Return what looks like a reference by name or by value, less what is known and what is excused.

    Raises OverloadedError, before the tables are looked at, where under `after` of `asked` would be left then.
    """
    wanted, left_out = await _columns(database, schema)
    if asked is not None:
        asked.refuse_beyond(len(_STATEMENTS) * len(wanted) + after)
    suspects = {folded(one.table, one.column): one for one in schema.suspects}
    mentions = {folded(one.table, one.column): one for one in schema.mentions}
    for table in wanted:
        slots = {longest: _slots(table, schema.names, longest) for _, _, longest in _STATEMENTS}
        slots[JSON_BYTES]["stem"] = schema.names.stem
        cells = [sql.statement(name, end_rows=rows, **slots[longest]) for name, rows, longest in _STATEMENTS]
        plain, inside = await database.batch(cells)
        for row in plain.rows:
            column = table.columns[number(row, "place")]
            key, why = folded(table.table, column), _why(schema.names, table.table, column, row)
            if key in suspects or why:
                reason = suspects[key].why if key in suspects else str(why)
                counts = (number(row, "sampled"), number(row, "ids"))
                suspects[key] = Suspect(table.table, column, reason, *counts)
        for row in inside.rows:
            column = table.columns[number(row, "place")]
            if _in_json(row) and folded(table.table, column) not in suspects:
                counts = (number(row, "sampled"), number(row, "ids"))
                mentions[folded(table.table, column)] = Suspect(table.table, column, "ids inside JSON", *counts)
    found = [mentions[key] for key in sorted(mentions)]
    if left_out:
        found.append(Suspect("(further tables)", "(further columns)", f"{left_out} are too many to be sampled"))
    return Sampled(tuple(suspects[key] for key in sorted(suspects)), tuple(found))


_STATEMENTS = (("sampling/values", END_ROWS, ID_BYTES), ("sampling/inside_json", JSON_ROWS, JSON_BYTES))


async def _columns(database: Database, schema: Schema) -> tuple[list[_Sample], int]:
    """Return what to look at, and how much of it is left out."""
    [names] = await database.batch([sql.statement("sampling/tables")])
    tables = [str(row["name"]) for row in names.rows if not ours(str(row["name"]))]
    [details] = await database.batch([sql.statement("schema/columns", tables=json.dumps(tables[:MAX_TABLES]))])
    found, left_out = [], max(0, len(tables) - MAX_TABLES)
    for name in tables[:MAX_TABLES]:
        rows = [row for row in details.rows if row["table_name"] == name]
        if not rows or rows[0]["kind"] != "table":
            continue
        columns = [str(row["name"]) for row in rows if _may_refer(schema, row, rows)]
        left_out += max(0, len(columns) - MAX_COLUMNS)
        if columns:
            keys = [str(row["name"]) for row in rows if row["pk"]] if rows[0]["without_rowid"] else ["rowid"]
            found.append(_Sample(name, tuple(columns[:MAX_COLUMNS]), tuple(keys)))
    return found, left_out


def _may_refer(schema: Schema, row: Row, rows: Sequence[Row]) -> bool:
    table, column = str(row["table_name"]), str(row["name"])
    own_key = bool(row["pk"]) and sum(bool(one["pk"]) for one in rows) == 1 and str(row["type"]).upper() == "INTEGER"
    described = schema.names.is_table(table) and schema.names.is_described(column)
    return not (own_key or described or row["computed"] or folded(table, column) in schema.excused)


def _cell(column: str, longest: int) -> str:
    """Return the expression of a value to look at: D1 takes no list of them over 2 MB, and JSON holds no BLOB."""
    short = f"length(CAST({column} AS BLOB)) <= {longest}"
    return f"CASE WHEN typeof({column}) = 'integer' OR (typeof({column}) = 'text' AND {short}) THEN {column} END"


def _slots(table: _Sample, names: Names, longest: int) -> dict[str, str]:
    cells = ", ".join(_cell(sql.quote(column), longest) for column in table.columns)
    # A row of artifacts may well hold its own id again, as a hash does that names it: that is no reference.
    own = names.of("id").sql if names.is_table(table.table) else "NULL"
    keys = [key if key == "rowid" else sql.quote(key) for key in table.keys]
    backwards = ", ".join(f"{key} DESC" for key in keys)
    return {
        "cells": cells,
        "own": own,
        # With its schema it is the table as it is, not the rows by their words.
        "table": f"main.{sql.quote(table.table)}",
        "keys": ", ".join(keys),
        "backwards": backwards,
    }


def _why(names: Names, table: str, column: str, row: Row) -> str | None:
    """Return why the column's values make it a suspect, or None."""
    found = {name: number(row, name) for name in ("sampled", "ids", "certain", "likely")}
    nearly_all = found["ids"] >= NEARLY_ALL * found["sampled"]
    if found["certain"]:
        return names.said("its values are ids of artifacts")
    if nearly_all and found["likely"] >= NEARLY_ALL * found["sampled"]:
        return names.said("nearly all its values are ids of artifacts")
    hinted = named_as_reference(column, names.stem) or (names.is_table(table) and named_as_own_reference(column))
    if hinted and found["ids"] and nearly_all:
        return names.said("its name, and nearly all its values are ids of artifacts")
    return None


def _in_json(row: Row) -> bool:
    found = {name: number(row, name) for name in ("sampled", "ids", "certain", "likely", "named", "listed")}
    if found["certain"] or found["named"]:
        return True
    several = found["listed"] > 1 and found["ids"] >= NEARLY_ALL * found["sampled"]
    return several or (found["likely"] > 1 and found["likely"] >= NEARLY_ALL * found["sampled"])


def refuse_unknown_references(sampled: Sampled, names: Names) -> RefusedError | None:
    """Return why nothing may be merged, where columns look like references and nobody said what they are."""
    if not sampled.suspects:
        return None
    shown = ", ".join(f"{one.name} ({one.why})" for one in sampled.suspects[:10])
    more = f" and {len(sampled.suspects) - 10} more" if len(sampled.suspects) > 10 else ""  # noqa: PLR2004  # as above
    hint = "Put each in CHILDREN, and the merge moves it; or in NOT_CHILDREN if it refers to no artifact."
    message = f"{names.said('Columns look like references to artifacts')}: {shown}{more}."
    return RefusedError("references", message, hint=hint)
