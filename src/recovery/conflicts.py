"""What keeps an object from being merged: a UNIQUE constraint of a child, which two of its rows would break."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import sql
from database.schema import Reference, Schema
from ports import Database, Statement

_TOKEN = re.compile(
    r"""'(?:[^']|'')*(?:'|\Z)|"(?:[^"]|"")*(?:"|\Z)|`[^`]*(?:`|\Z)|\[[^\]]*(?:\]|\Z)|--[^\n]*|/\*.*?(?:\*/|\Z)"""
    r"""|[()]|\bWHERE\b""",
    re.IGNORECASE | re.DOTALL,
)
"""What is quoted goes to its end or the text's, so that no start is tried in vain: the time is linear."""


@dataclass(frozen=True)
class ChildConstraint:
    """A UNIQUE constraint of a child on its reference and `others`, which a merge could break."""

    reference: Reference
    index: str
    others: tuple[tuple[str, str], ...]
    """Column and collation of each."""
    where: str = "1"
    """Which rows of the child it is about, in the words of its index."""

    @property
    def name(self) -> str:
        """The constraint as a person would find it."""
        columns = ", ".join([self.reference.column, *(column for column, _ in self.others)])
        return f"UNIQUE ({columns}) of {self.reference.table} ({self.index})"

    def broken_by(self, ranked: sql.Fragment) -> Statement:
        """Return the statement that lists the objects among the `ranked` rows whose merge would break it."""
        slots = {**self.reference.slots, **self.slots("ranked.winner_id"), "where": self.where}
        return sql.statement("recovery/conflicts", ranked=ranked, **slots)

    @property
    def where_of_any(self) -> str:
        """`where` for rows that are not called by their table's name, or every row where it names them by it."""
        return "1" if re.search(r"\.|rowid", self.where, re.IGNORECASE) else self.where

    def slots(self, target: str) -> dict[str, str]:
        """Return what makes two children the same once both point at `target`."""
        others = [f"child.{sql.quote(column)} COLLATE {collation}" for column, collation in self.others]
        return {
            "merged_key": ", ".join([target, *others]),
            "not_null": " AND ".join(["1", *(f"{name} IS NOT NULL" for name in others)]),
        }


async def child_constraints(database: Database, schema: Schema) -> list[ChildConstraint]:
    """Return the UNIQUE constraints of the children that a merge could break."""
    constraints: list[ChildConstraint] = []
    for reference in schema.references:
        key = schema.tables[reference.table].row_key or ""
        wanted = sql.statement(
            "recovery/child_constraints", table_name=reference.table, column_name=reference.column, own_key=key
        )
        [found] = await database.batch([wanted])
        for row in found.rows:
            others = [(str(column), str(collation)) for column, collation in json.loads(str(row["others"]))]
            where = predicate(str(row["text"])) if row["partial"] else "1"
            if re.search(rf"\b{re.escape(reference.column)}\b", where, re.IGNORECASE):
                where = "1"  # It may come to hold a row by the merge itself: taken for every row.
            constraints.append(ChildConstraint(reference, str(row["name"]), tuple(others), where))
    return constraints


def predicate(text: str) -> str:
    """Return the WHERE of a CREATE INDEX, which SQLite keeps nowhere but in its text; every row where it has none."""
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0 and token[0].upper() == "WHERE":
            return f"({text[token.end() :].strip()}\n)"
    return "1"
