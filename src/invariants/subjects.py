"""What each invariant looks at: which tables and references, in which ranges, and whether the database has them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import sql
from database.key_ranges import KeyRanges
from database.schema import Reference, Schema, Table
from invariants.catalogue import Invariant
from naming.names import TABLE


@dataclass(frozen=True)
class Subject:
    """What one query of an invariant looks at: a table, and the reference where it is about one."""

    label: str
    table: Table | None = None
    reference: Reference | None = None

    @property
    def slots(self) -> dict[str, str]:
        """What the query may name of it."""
        slots = {}
        if self.table:
            key = self.table.row_key or self.table.columns[0]
            slots["row_key"] = key if key == "rowid" else sql.quote(key)
        if self.reference:
            slots["column"] = sql.quote(self.reference.column)
        return slots


def subjects(invariant: Invariant, schema: Schema) -> list[Subject]:
    """Return what the invariant looks at in this database."""
    if invariant.subject == "each child":
        return [Subject(reference.name, schema.tables[reference.table], reference) for reference in schema.references]
    if invariant.subject == "each citation":
        cited = [table for table in schema.tables.values() if table.has("source_url")]
        return [Subject(schema.names.table if table.name == TABLE else table.name, table) for table in cited]
    if invariant.walks == "table":
        return [Subject(schema.names.table, schema.tables["artifacts"])]
    return [Subject("database")]


def key_ranges(invariant: Invariant, subject: Subject, schema: Schema) -> KeyRanges | None:
    """Return the ranges in which the query takes its rows; None where it takes them all at once."""
    if invariant.walks == "objects":
        # Without the index each range would sort the whole table; with NULLs a range would pass rows over.
        served = schema.unique_index is not None and not schema.nullable_key
        return KeyRanges("artifacts", schema.object_keys) if served else None
    if invariant.walks == "table" and subject.table and subject.table.row_key:
        return KeyRanges(subject.table.name, (subject.table.row_key,))
    return None


def unmet(invariant: Invariant, schema: Schema) -> str | None:
    """Return why the database cannot be asked at all, or None where it can."""
    for need in re.findall(r"(\w+)\.(\w+)", invariant.needs):
        if schema.missing_column(*need):
            return schema.names.said(f"The database has no {'.'.join(need)}.")
    if invariant.subject == "each citation" and not subjects(invariant, schema):
        return schema.names.said("Neither artifacts nor a child table has a column source_url.")
    if invariant.subject == "each child":
        gone = schema.missing_children
        return f"CHILDREN names {', '.join(gone)}, which the database does not have." if gone else None
    return None


def query(
    invariant: Invariant, subject: Subject, cited: str, facts: Callable[[Invariant], Awaitable[str]]
) -> Callable[[sql.Fragment], Awaitable[sql.Fragment]]:
    """Return the invariant's query about the subject, as a function of the rows that it takes.

    `cited` is the SQL expression that counts the children of the row `artifacts`.
    """

    async def over(rows: sql.Fragment) -> sql.Fragment:
        given: dict[str, str | sql.Fragment] = {
            **subject.slots,
            "unique_index": sql.load("schema/unique_index"),
            "rows": rows,
            "facts": await facts(invariant),
            "label": subject.label,
            "cited": cited,
        }
        return sql.fill(invariant.query, **{name: given[name] for name in sql.names(invariant.query)})

    return over
