"""Statements for one transaction, each with a handle to what it returned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import sql
from database.rows import number
from ports import Database, Result, Row, Statement


@dataclass
class Batch:
    """Statements that run in one transaction; add them in their order, then `run` once."""

    statements: list[Statement] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)

    def add(self, statement: Statement) -> Answer:
        """Add a statement; what it returned is in the handle once the batch has run."""
        self.statements.append(statement)
        return Answer(self, len(self.statements) - 1)

    def extend(self, statements: Iterable[Statement]) -> list[Answer]:
        """Add statements, and return a handle for each."""
        return [self.add(statement) for statement in statements]

    def add_counted(self, statement: Statement) -> Answer:
        """Add a statement, and return a handle whose `changed` is the number of rows that it changed itself."""
        self.add(statement)
        return self.add(sql.statement("runs/last_change"))

    async def run(self, database: Database) -> None:
        """Run all statements in one transaction; raises what the database raises, and then none took effect."""
        self.results = await database.batch(self.statements)


@dataclass(frozen=True)
class Answer:
    """What one statement of a batch returned; empty handles are a defect, so reading one before `run` raises."""

    batch: Batch
    index: int

    @property
    def result(self) -> Result:
        """The whole result."""
        return self.batch.results[self.index]

    @property
    def rows(self) -> list[Row]:
        """The rows it returned."""
        return self.result.rows

    @property
    def row(self) -> Row:
        """The one row it returned."""
        [row] = self.rows
        return row

    @property
    def changes(self) -> int:
        """The rows it changed, those of triggers included (D1's `meta.changes`)."""
        return self.result.changes

    @property
    def changed(self) -> int:
        """What `add_counted` counts: rows that the statement changed itself, without those of triggers."""
        return number(self.row, "changed")


async def ask(database: Database, statement: Statement) -> list[Row]:
    """Return the rows of one statement that is a transaction of its own."""
    [result] = await database.batch([statement])
    return result.rows


async def ask_one(database: Database, statement: Statement) -> Row:
    """Return the one row of such a statement."""
    [row] = await ask(database, statement)
    return row
