"""Undo drops every unique index on the pair, or refuses before it changes anything."""

from __future__ import annotations

import pytest

from errors import RefusedError
from tests.support.actions import everything
from tests.support.databases import healed, undone
from tests.support.fakes import SqliteDatabase, World, migrate
from tests.support.shapes import held

TABLE = """
CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL, source_type TEXT,
  fetched_at TEXT);
CREATE TABLE datapoints (id INTEGER PRIMARY KEY, artifact_id INTEGER);
INSERT INTO artifacts VALUES (1, 'b', 'k', 'raw', '2026-01-01'), (2, 'b', 'k', 'raw', '2026-01-02');
INSERT INTO datapoints VALUES (1, 1);
"""
ROWS = [(1, *held("b", "k", "raw"), "2026-01-01"), (2, *held("b", "k", "raw"), "2026-01-02")]


def merged() -> tuple[World, int]:
    world = World(SqliteDatabase(bucket="b"))
    world.database.script(TABLE)
    migrate(world.database)
    return world, healed(world)["run_id"]


@pytest.mark.parametrize(
    "further",
    [
        "CREATE UNIQUE INDEX two ON artifacts (r2_bucket, r2_key)",
        "CREATE UNIQUE INDEX two ON artifacts (r2_key, r2_bucket)",
        "CREATE UNIQUE INDEX two ON artifacts (r2_bucket COLLATE NOCASE, r2_key COLLATE NOCASE)",
        "CREATE UNIQUE INDEX two ON artifacts (r2_key)",
        "CREATE UNIQUE INDEX two ON artifacts (r2_key) WHERE source_type = 'raw'",
    ],
)
def test_every_unique_index_that_keeps_a_loser_from_returning_is_dropped(further: str) -> None:
    world, run = merged()
    world.database.script(further)
    assert undone(world, run)["restored"] == 1
    assert (
        world.database.all("SELECT id, r2_bucket, r2_key, source_type, fetched_at FROM artifacts ORDER BY id") == ROWS
    )
    assert world.database.all("SELECT artifact_id FROM datapoints") == [(1,)]


def test_an_index_that_is_part_of_the_table_beside_one_that_is_not_refuses_before_anything_is_changed() -> None:
    world, run = merged()
    world.database.script(
        "DROP TABLE artifacts; CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL,"
        " r2_key TEXT NOT NULL, source_type TEXT, fetched_at TEXT, UNIQUE (r2_bucket, r2_key));"
        "INSERT INTO artifacts VALUES (2, 'b', 'k', 'raw', '2026-01-02');"
        "CREATE UNIQUE INDEX two ON artifacts (r2_key)"
    )
    before = world.database.all("SELECT name FROM sqlite_schema WHERE type = 'index'")
    with pytest.raises(RefusedError) as refused:
        undone(world, run)
    assert refused.value.reason == "unique_index"
    assert world.database.all("SELECT name FROM sqlite_schema WHERE type = 'index'") == before
    assert "'operator'" not in everything(world)
