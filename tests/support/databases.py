"""Databases as people have them, INTEGER or TEXT ids, with or without foreign keys; and what one does with them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from database.key_ranges import RANGE_ROWS
from database.schema import Schema
from invariants.catalogue import Invariant
from invariants.check import check_database
from invariants.run import run_check
from invariants.spec import Checking, CheckSpec
from invariants.verdict import Verdict
from ports import Ports
from recovery.call import RecoverRequest
from recovery.run import recover
from recovery.undo_run import undo_run
from runs.budget import Budget
from settings import Settings, read_settings
from tests.support.fakes import SqliteDatabase, World, migrate
from words import CheckMode

BUCKET = "b"
SETTINGS = read_settings({"MAX_DELETES": 1_000_000})


@dataclass(frozen=True)
class Shape:
    """What differs from one database to another."""

    ids: str = "INTEGER"
    foreign_keys: bool = False
    unique_index: bool = True
    loose: bool = False
    """Whether the columns of `artifacts` may be NULL."""
    fetched: str = ""
    """The declared type of `fetched_at`."""

    def __str__(self) -> str:
        return f"{self.ids} ids, {'foreign keys' if self.foreign_keys else 'no foreign keys'}"

    def id(self, number: int) -> int | str:
        """Return an id of this database; numbers and their ids sort alike."""
        return number if self.ids == "INTEGER" else f"id-{number:06}"

    def schema(self) -> str:
        """Return the tables that were there before the steward."""
        tight = "" if self.loose else " NOT NULL"
        reference = " REFERENCES artifacts (id)" if self.foreign_keys else ""
        unique = "CREATE UNIQUE INDEX mine ON artifacts (r2_bucket, r2_key);" if self.unique_index else ""
        return f"""
          CREATE TABLE artifacts (
            id {self.ids} PRIMARY KEY, r2_bucket TEXT{tight}, r2_key TEXT{tight}, source_type TEXT{tight},
            fetched_at {self.fetched}, note
          );
          CREATE TABLE datapoints (
            id INTEGER PRIMARY KEY, artifact_id {self.ids}{reference}, source_url TEXT, value REAL
          );
          {unique}
        """

    def world(self, further: str = "", bucket: str = BUCKET) -> World:
        """Return a migrated world with these tables, and `further` ones, all empty."""
        world = World(SqliteDatabase(bucket=bucket))
        world.database.script(self.schema() + further)
        migrate(world.database)
        return world

    def artifact(self, world: World, number: int, key: str, source_type: str | None = "raw", **more: object) -> None:
        """Insert the artifact of an object."""
        row = {"bucket": BUCKET, "fetched_at": None, "note": None, **more}
        values = (self.id(number), row["bucket"], key, source_type, row["fetched_at"], row["note"])
        world.database.connection.execute("INSERT INTO artifacts VALUES (?, ?, ?, ?, ?, ?)", values)

    def datapoint(self, world: World, number: int, artifact: int | None, url: str | None = None) -> None:
        """Insert a datapoint of an artifact, or of none."""
        reference = None if artifact is None else self.id(artifact)
        values = (number, reference, url, number + 0.5)
        world.database.connection.execute("INSERT INTO datapoints VALUES (?, ?, ?, ?)", values)


SHAPES = [Shape(ids, keys) for ids in ("INTEGER", "TEXT") for keys in (False, True)]
DIRTY_SHAPES = [Shape(shape.ids, shape.foreign_keys, unique_index=False) for shape in SHAPES]

every_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)
every_dirty_shape = pytest.mark.parametrize("shape", DIRTY_SHAPES, ids=str)


@contextmanager
def unguarded(database: SqliteDatabase, but: str = "") -> Iterator[None]:
    """Let a writer do what neither foreign keys nor guards would allow, as one did before there were any, `but` one."""
    found = "SELECT name, sql FROM sqlite_schema WHERE name GLOB 'steward_guard_*' AND name <> ?"
    guards = database.all(found, but)
    for name, _ in guards:
        database.script(f'DROP TRIGGER "{name}"')
    database.script("PRAGMA foreign_keys = OFF")
    yield
    database.script("PRAGMA foreign_keys = ON")
    for _, text in guards:
        database.script(str(text))


def checked(on: World | Ports, mode: CheckMode = "full", settings: Settings = SETTINGS) -> dict[str, Any]:
    """Check every invariant and return the report."""
    ports = on.ports() if isinstance(on, World) else on
    return asyncio.run(run_check(ports, settings, mode))


def verdicts(on: World | Ports, mode: CheckMode = "full", settings: Settings = SETTINGS) -> dict[str, dict[str, Any]]:
    """Check every invariant and return what was found, by name."""
    return {one["name"]: one for one in checked(on, mode, settings)["invariants"]}


def broken(found: dict[str, dict[str, Any]]) -> dict[str, int]:
    """Return the invariants that are violated, and how often."""
    return {name: one["violations"] for name, one in found.items() if one["outcome"] == "violated"}


def recovered(on: World | Ports, settings: Settings = SETTINGS, **request: Any) -> dict[str, Any]:  # noqa: ANN401
    """Do one call of the recovery, dry unless told otherwise."""
    ports = on.ports() if isinstance(on, World) else on
    return asyncio.run(recover(ports, settings, RecoverRequest(**request)))


def healed(on: World | Ports, settings: Settings = SETTINGS, **request: Any) -> dict[str, Any]:  # noqa: ANN401
    """Call the live recovery until it is done, and return its last report."""
    report: dict[str, Any] = {}
    for _ in range(50):
        report = recovered(on, settings, dry_run=False, **request)
        if report["done"]:
            return report
    raise AssertionError(f"the recovery does not come to an end: {report}")


def undone(on: World | Ports, run_id: int, settings: Settings = SETTINGS) -> dict[str, Any]:
    """Undo a recovery and return the report."""
    ports = on.ports() if isinstance(on, World) else on
    return asyncio.run(undo_run(ports, settings, run_id))


def steps(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a recovery's steps by name."""
    return {step["name"]: step for step in report["steps"]}


def numbers(report: dict[str, Any]) -> dict[str, tuple[int, int, int]]:
    """Return before, after and changed of each step."""
    return {step["name"]: (step["before"], step["after"], step["changed"]) for step in report["steps"]}


def artifacts(world: World) -> list[tuple[object, ...]]:
    """Return every artifact."""
    return world.database.all(f"SELECT {world.database.connection.every_column} FROM artifacts ORDER BY id")


def datapoints(world: World) -> list[tuple[object, ...]]:
    """Return every datapoint."""
    return world.database.all("SELECT * FROM datapoints ORDER BY id")


def full_for(world: World, *, hours: float = 1 / 60, range_rows: int = RANGE_ROWS, resume: bool = False) -> Checking:
    """Return how to do a full check that may take so long."""
    budget = Budget(world.clock, world.clock.now() + timedelta(hours=hours)).part("check")
    return Checking("full", budget, resume=resume, range_rows=range_rows)


async def full_check(world: World, schema: Schema, invariants: Sequence[Invariant]) -> tuple[Verdict, ...]:
    """Look at these invariants alone, recording nothing."""
    spec = CheckSpec(full_for(world), world.database, schema)
    return (await check_database(spec, invariants)).verdicts
