from __future__ import annotations

import asyncio
from typing import Any

import pytest

from errors import RefusedError
from recovery.saga import RecoverRequest, recover
from recovery.undo import undo_run
from settings import read_settings
from tests.fakes import World, migrate

SETTINGS = read_settings({})

INTEGER_SCHEMA = """
  CREATE TABLE artifacts (
    id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL, source_type TEXT NOT NULL,
    fetched_at TEXT, note BLOB
  );
  CREATE TABLE datapoints (id INTEGER PRIMARY KEY, artifact_id INTEGER, value REAL);
"""
TEXT_SCHEMA = INTEGER_SCHEMA.replace("id INTEGER PRIMARY KEY, r2_bucket", "id TEXT PRIMARY KEY, r2_bucket").replace(
    "artifact_id INTEGER", "artifact_id TEXT"
)


def dirty(schema: str) -> World:
    world = World()
    world.database.script(schema)
    world.database.script("""
      INSERT INTO artifacts VALUES
        (1, 'b', 'raw/a', 'report', '2026-01-01T00:00:00Z', x'00ff'),
        (2, 'b', 'raw/a', 'unknown', '2026-02-01T00:00:00Z', NULL),
        (3, 'b', 'raw/a', 'memo', NULL, 'x'),
        (4, 'b', 'raw/b', 'unknown', NULL, NULL),
        (5, 'b', 'raw/b', 'unknown', NULL, NULL),
        (6, 'b', 'odd', 'unknown', NULL, NULL),
        (7, 'b', 'raw/c', 'report', NULL, NULL);
      INSERT INTO datapoints VALUES (1, 1, 1.5), (2, 2, 2.5), (3, 4, 3), (4, 5, 4), (5, 7, 5), (6, NULL, 6), (7, 3, 7);
    """)
    migrate(world.database)
    world.rules((1, "raw/*", "raw"), (2, "*", "other"))
    return world


def run(world: World, **request: Any) -> dict[str, Any]:
    return asyncio.run(recover(world.ports(), SETTINGS, RecoverRequest(**request)))


def numbers(report: dict[str, Any]) -> dict[str, tuple[int, int, int]]:
    return {step["name"]: (step["before"], step["after"], step["changed"]) for step in report["steps"]}


@pytest.mark.parametrize("schema", [INTEGER_SCHEMA, TEXT_SCHEMA], ids=["integer ids", "text ids"])
def test_a_live_recovery_ends_clean_and_does_what_dry_foretold(schema: str) -> None:
    world = dirty(schema)
    before = world.database.all("SELECT * FROM artifacts")
    dry = run(world)
    assert world.database.all("SELECT * FROM artifacts") == before
    live = run(world, dry_run=False)
    assert live["ok"], live
    assert live["done"]
    ids = [str(row[0]) for row in world.database.all("SELECT id FROM artifacts ORDER BY id")]
    assert ids == ["2", "5", "6", "7"]
    types = world.database.all("SELECT r2_key, source_type FROM artifacts ORDER BY r2_key")
    assert types == [("odd", "other"), ("raw/a", "report"), ("raw/b", "raw"), ("raw/c", "report")]
    points = world.database.all("SELECT id, artifact_id FROM datapoints ORDER BY id")
    assert [(a, None if b is None else str(b)) for a, b in points] == [
        (1, "2"),
        (2, "2"),
        (3, "5"),
        (4, "5"),
        (5, "7"),
        (6, None),
        (7, "2"),
    ]
    assert numbers(dry) == numbers(live)
    assert world.database.one("SELECT paused_by FROM steward_control") is None


def test_a_live_recovery_over_the_cap_changes_nothing() -> None:
    world = dirty(INTEGER_SCHEMA)
    dump = list(world.database.connection.iterdump())
    with pytest.raises(RefusedError, match="3 duplicate rows"):
        run(world, dry_run=False, max_deletes=2)
    changed = [line for line in world.database.connection.iterdump() if line not in dump]
    assert all("steward_runs" in line or "steward_control" in line or "sqlite_sequence" in line for line in changed)


def undo(world: World, run_id: int) -> dict[str, Any]:
    return asyncio.run(undo_run(world.ports(), SETTINGS, run_id))


def everything(world: World) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    return (
        world.database.all("SELECT * FROM artifacts ORDER BY id"),
        world.database.all("SELECT * FROM datapoints ORDER BY id"),
    )


@pytest.mark.parametrize("schema", [INTEGER_SCHEMA, TEXT_SCHEMA], ids=["integer ids", "text ids"])
def test_undo_brings_losers_back_whole_and_twice_changes_nothing(schema: str) -> None:
    world = dirty(schema)
    artifacts, datapoints = everything(world)
    report = run(world, dry_run=False)
    undone = undo(world, report["run_id"])
    assert undone["restored"] == 3
    assert undone["refused"] == []
    after, points = everything(world)
    assert points == datapoints
    losers = [row for row in artifacts if str(row[0]) in ("1", "3", "4")]
    assert [row for row in after if str(row[0]) in ("1", "3", "4")] == losers
    again = undo(world, report["run_id"])
    assert again["restored"] == again["children_restored"] == 0
    assert everything(world) == (after, points)
