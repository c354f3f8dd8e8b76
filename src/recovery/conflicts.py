"""What keeps an object from being merged: a constraint of a child, a reference of its own, a date nobody can read."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import sql
from database.batch import ask
from database.rows import number
from database.schema import Reference, Schema
from ports import Database, Row, Statement
from recovery.duplicates import ObjectKey, object_key
from recovery.ranking import Ranking

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


@dataclass(frozen=True)
class Conflicts:
    """What can keep an object of this database from being merged."""

    database: Database
    schema: Schema
    ranking: Ranking
    constraints: tuple[ChildConstraint, ...]
    any_date: bool
    """Whether a request says what becomes of dates that cannot be read; else their objects are left as they are."""

    async def among(self, objects: sql.Fragment) -> dict[ObjectKey, str]:
        """Return those of the objects whose merge would break something, and what."""
        ranked = self.ranking.rows(objects)
        found = {} if self.any_date else await self._unreadable(ranked)
        for constraint in self.constraints:
            for row in await ask(self.database, constraint.broken_by(ranked)):
                found.setdefault(object_key(row), constraint.name)
        for reference in self.schema.references:
            if reference.table.lower() == "artifacts":
                found = {**await self._self_references(reference, ranked), **found}
        return found

    async def _unreadable(self, ranked: sql.Fragment) -> dict[ObjectKey, str]:
        """Return the objects that hold a date which cannot be read: their newest row is not known."""
        rows = await ask(self.database, sql.statement("recovery/unreadable", ranked=ranked))
        return {object_key(row): f"unreadable: {row['why']}" for row in rows}

    async def _self_references(self, reference: Reference, ranked: sql.Fragment) -> dict[ObjectKey, str]:
        """Return the objects whose winner would come to refer to itself."""
        child_column = sql.quote(reference.column)
        wanted = sql.statement("recovery/self_references", child_column=child_column, ranked=ranked)
        why = f"Its newest row refers to an older one of its rows by {reference.name}, and would refer to itself."
        return {object_key(row): why for row in await ask(self.database, wanted)}


async def child_constraints(database: Database, schema: Schema) -> list[ChildConstraint]:
    """Return the UNIQUE constraints of the children that a merge could break."""
    if not schema.references:
        return []
    asked = [[one.table, one.column, schema.tables[one.table].row_key or ""] for one in schema.references]
    rows = await ask(database, sql.statement("recovery/child_constraints", references=json.dumps(asked)))
    in_order = sorted(rows, key=lambda row: number(row, "place"))
    return [_constraint(schema.references[number(row, "place")], row) for row in in_order]


def _constraint(reference: Reference, row: Row) -> ChildConstraint:
    others = [(str(column), str(collation)) for column, collation in json.loads(str(row["others"]))]
    where = predicate(str(row["text"])) if row["partial"] else "1"
    if re.search(rf"\b{re.escape(reference.column)}\b", where, re.IGNORECASE):
        where = "1"  # It may come to hold a row by the merge itself: taken for every row.
    return ChildConstraint(reference, str(row["name"]), tuple(others), where)


def predicate(text: str) -> str:
    """Return the WHERE of a CREATE INDEX, which SQLite keeps nowhere but in its text; every row where it has none."""
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0 and token[0].upper() == "WHERE":
            return f"({text[token.end() :].strip()}\n)"
    return "1"
