"""A database whose tables have other names, as one that has the words of the SQL files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from naming.names import Names
from naming.renaming import renamed
from ports import Database, Result, Statement


@dataclass(frozen=True)
class NamedDatabase:
    """Says every statement in the database's own names; what it returns has the words."""

    database: Database
    names: Names

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Run all statements in one transaction: all of them, or none."""
        return await self.database.batch([replace(one, sql=renamed(one.sql, self.names)) for one in statements])

    async def bookmark(self) -> str | None:
        """Return D1's Time Travel bookmark of this moment, or None where there is none."""
        return await self.database.bookmark()


def named(database: Database, names: Names) -> Database:
    """Return the database by the words; itself where its names are the words."""
    return database if names.canonical else NamedDatabase(database, names)
