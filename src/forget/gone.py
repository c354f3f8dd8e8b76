"""The rows whose object is known to be gone, and what holds each: whoever cites it, or its own reference to another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import sql
from database.batch import ask
from database.rows import number, text
from database.schema import Reference, Schema
from ports import Database, Row
from recovery.duplicates import FIRST, ObjectKey


@dataclass(frozen=True)
class Counted:
    """How many rows are known to be gone, how many of them nothing holds, and how many each holder holds first."""

    gone: int
    free: int
    held: Mapping[str, int]


@dataclass(frozen=True)
class GoneObject:
    """An object that is gone, and how many rows of it nothing holds."""

    r2_bucket: str
    r2_key: str
    artifacts: int


@dataclass(frozen=True)
class Gone:
    """The rows of some buckets whose object is known to be gone."""

    schema: Schema
    buckets: tuple[str, ...]

    def rows(self, after: ObjectKey = FIRST, until: ObjectKey | None = None) -> sql.Fragment:
        """Return the fragment that lists them, those after one object and up to another."""
        bucket, key = until or (None, None)
        place = {"after_bucket": after[0], "after_key": after[1], "until_bucket": bucket, "until_key": key}
        return sql.fragment("forget/gone", held_by=self._held_by(), buckets=json.dumps(self.buckets), **place)

    async def count(self, database: Database) -> Counted:
        """Count them, by what holds them."""
        found = await ask(database, sql.statement("forget/count_gone", gone=self.rows()))
        by_place = {row["held_by"]: number(row, "artifacts") for row in found}
        held = {name: by_place[place] for place, name in enumerate(self._holders()) if place in by_place}
        return Counted(sum(by_place.values()), by_place.get(None, 0), held)

    async def following(self, database: Database, after: ObjectKey, most: int) -> list[GoneObject]:
        """Return the next objects of one bucket that have a row which nothing holds, `most` of them at most."""
        found = await ask(database, sql.statement("forget/next_gone", gone=self.rows(after), most=most))
        objects = [GoneObject(text(row, "r2_bucket"), text(row, "r2_key"), number(row, "artifacts")) for row in found]
        return [one for one in objects if one.r2_bucket == objects[0].r2_bucket]

    async def sample_held(self, database: Database) -> list[Row]:
        """Return the first rows that something holds, as a person is shown them, and by what."""
        sample = sql.statement("forget/sample_held", gone=self.rows())
        rows = await ask(database, sql.showing(sample, "r2_bucket", "r2_key", "id", "held_by"))
        holders = self._holders()
        return [{**row, "held_by": holders[number(row, "held_by")]} for row in rows]

    def cited(self) -> str:
        """Return the SQL list of whether each reference cites the row `artifacts`, by either column's comparison."""
        ways = ("forget/cited_by", "forget/cited_otherwise")
        cited = [sql.fragment(way, **one.slots).text for one in self.schema.references for way in ways]
        return ", ".join(cited) or "0"

    def _holders(self) -> list[str]:
        """Return what holds a row, by place: each reference that cites it, then each of its own to another row.

        A row that cites another is held too: to forget it would change what is cited, and undo could not restore it.
        """
        own = [f"its own {one.column}" for one in self._own]
        return [*(one.name for one in self.schema.references), *own]

    def _held_by(self) -> str:
        cited = [sql.fragment("forget/cited_by", **one.slots).text for one in self.schema.references]
        citing = [f"artifacts.{sql.quote(one.column)} IS NOT NULL" for one in self._own]
        ways = " ".join(f"WHEN {condition} THEN {place}" for place, condition in enumerate([*cited, *citing]))
        return f"CASE {ways} END" if ways else "NULL"

    @property
    def _own(self) -> list[Reference]:
        return [one for one in self.schema.references if one.table.lower() == "artifacts"]
