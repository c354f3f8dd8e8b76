"""Propose what TABLES could say of a database that nobody has described: read its schema, and ask R2 for a few keys.

A proposal is for a person to confirm: nothing is changed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import sql
from database.batch import ask
from database.rows import text
from database.suspects import named_as_reference, ours
from naming.names import LITERAL, TABLE, Names
from ports import Ports, Row
from settings import Settings

SAMPLED, MOST_ASKED, MOST = 5, 20, 5
"""Keys that R2 is asked for of one column, columns that are asked about, and proposals at most."""

_KEY = (
    re.compile(r"(r2|s3|object|storage|blob|bucket)_?(key|path|name)", re.IGNORECASE),
    re.compile(r"(file|media|image|asset|photo|attachment)?_?(key|path)", re.IGNORECASE),
    re.compile(r"((file_?)?name|location|reference|uri|url)", re.IGNORECASE),
)
"""What a column with keys is called, the surest first."""

_BUCKET = re.compile(r"(r2_?|s3_?)?bucket(_?name)?", re.IGNORECASE)
_TYPE = re.compile(r"source_?type", re.IGNORECASE)
_MOMENT = re.compile(r"(fetched|uploaded|created|added|inserted|stored)(_?(at|on|date|time))?", re.IGNORECASE)


@dataclass(frozen=True)
class Proposal:
    """A table that may hold the keys of objects, and what the settings would say of it."""

    table: str
    tables: dict[str, str]
    children: list[str]
    references: list[str]
    sampled: int = 0
    found: int = 0
    notes: list[str] = field(default_factory=list)


async def propose(ports: Ports, settings: Settings) -> list[Proposal]:
    """Return the tables that may hold keys, the likeliest first."""
    rows = [row for row in await ask(ports.database, sql.statement("profiles/tables")) if not _is_ours(row)]
    columns: dict[str, list[Row]] = {}
    for row in rows:
        columns.setdefault(text(row, "table_name"), []).append(row)
    candidates = sorted(one for name, found in columns.items() for one in _candidates(name, found))
    asked = [
        await _asked(ports, _proposal(name, key, columns[name], rows, settings))
        for _, name, key in candidates[:MOST_ASKED]
    ]
    best: dict[str, Proposal] = {}
    for one in sorted(asked, key=lambda proposal: -proposal.found):
        best.setdefault(one.table, one)
    return list(best.values())[:MOST]


def _is_ours(row: Row) -> bool:
    return ours(text(row, "table_name"))


def _candidates(name: str, columns: Sequence[Row]) -> list[tuple[int, str, str]]:
    """Return the columns of a table that may hold keys: how sure, 0 the surest, the table, and the column."""
    called = [text(row, "column_name") for row in columns]
    ranks = [(next((rank for rank, one in enumerate(_KEY) if one.fullmatch(key)), None), key) for key in called]
    return [(rank, name, key) for rank, key in ranks if rank is not None]


def _called(columns: Sequence[Row], pattern: re.Pattern[str]) -> str | None:
    """Return the first column of such a name, or None."""
    return next((text(row, "column_name") for row in columns if pattern.fullmatch(text(row, "column_name"))), None)


def _proposal(name: str, key: str, columns: Sequence[Row], rows: Sequence[Row], settings: Settings) -> Proposal:
    """Return what the settings would say of a table whose column `key` holds the keys."""
    primary = [text(row, "column_name") for row in columns if row["pk"]]
    tables = {
        TABLE: name,
        "id": primary[0] if len(primary) == 1 else "id",
        "r2_bucket": _called(columns, _BUCKET) or LITERAL + next(iter(settings.buckets)),
        "r2_key": key,
        "source_type": _called(columns, _TYPE) or LITERAL + name,
        "fetched_at": _called(columns, _MOMENT) or LITERAL,
    }
    references = [
        _column(row) for row in rows if row["parent"] is not None and text(row, "parent").lower() == name.lower()
    ]
    stem = Names(name).stem
    named = [
        _column(row) for row in rows if named_as_reference(text(row, "column_name"), stem) and row["parent"] is None
    ]
    children = [one for one in named if not one.startswith(f"{name}.")]
    return Proposal(name, tables, children, references, notes=_notes(columns, key, primary, tables))


def _column(row: Row) -> str:
    return f"{row['table_name']}.{row['column_name']}"


def _notes(columns: Sequence[Row], key: str, primary: Sequence[str], tables: dict[str, str]) -> list[str]:
    notes = []
    if len(primary) != 1:
        notes.append("It has no primary key of one column, and a merge needs an id.")
    if not any(row["is_unique"] and row["column_name"] == key for row in columns) and tables["r2_bucket"].startswith(
        LITERAL
    ):
        notes.append(f"No unique index covers {key} alone: a recovery creates one.")
    if tables["r2_bucket"].startswith(LITERAL):
        notes.append("It has no column for the bucket: every row is taken to be of this one.")
    if tables["fetched_at"] == LITERAL:
        notes.append("It has no date: of duplicate rows the highest id wins.")
    return notes


async def _asked(ports: Ports, proposal: Proposal) -> Proposal:
    """Return the proposal with how many of a few of its keys R2 has in any bucket."""
    column, table = sql.quote(proposal.tables["r2_key"]), f"main.{sql.quote(proposal.table)}"
    wanted = sql.statement("profiles/sample_keys", column=column, table=table, most=SAMPLED)
    keys = [text(row, "key") for row in await ask(ports.database, wanted)]
    found = 0
    for key in keys:
        there = [await bucket.has(key) for bucket in ports.buckets.values()]
        found += any(there)
    return Proposal(
        proposal.table, proposal.tables, proposal.children, proposal.references, len(keys), found, proposal.notes
    )
