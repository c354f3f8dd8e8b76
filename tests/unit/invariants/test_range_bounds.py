"""Whole numbers beyond 2^53 are never rounded, and no kind of key keeps a check from its end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from database.key_ranges import KeyRanges
from invariants.outcome import Outcome
from invariants.verdict import Verdict
from invariants.work import check
from tests.support.databases import SETTINGS, full_for, unguarded
from tests.support.fakes import World, migrate
from tests.unit.invariants.test_ranges import sliced as slowly

FIRST = 1_200_000_000_000_000_001
"""A number of which a double keeps the first sixteen digits: 120 of its neighbours become the same one."""

ROWS = 40
MISSING = FIRST + 5 * ROWS + 1

KEYS: dict[str, Callable[[int], object]] = {
    "INTEGER PRIMARY KEY": FIRST.__add__,
    "INT PRIMARY KEY": FIRST.__add__,
    "BIGINT PRIMARY KEY": FIRST.__add__,
    "PRIMARY KEY": FIRST.__add__,
    "BLOB PRIMARY KEY": FIRST.__add__,
    "NUMERIC PRIMARY KEY": FIRST.__add__,
    "TEXT PRIMARY KEY": lambda number: f"id-{number:05}é\0x",
    "TEXT COLLATE NOCASE PRIMARY KEY": lambda number: f"iD-{number:05}",
    "ANY PRIMARY KEY": lambda number: FIRST + number if number % 2 else f"{FIRST + number}",
    "REAL PRIMARY KEY": lambda number: number / 7,
    "UUID PRIMARY KEY": lambda number: number.to_bytes(16),
    "INT NOT NULL PRIMARY KEY": lambda number: -FIRST - number,
    "integer, note": lambda number: number,
}
KEYED = [key for key in KEYS if "note" not in key]
"""A table without rowid needs a key of its own."""

TABLES = """
  CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL,
    source_type TEXT NOT NULL, fetched_at TEXT);
  CREATE UNIQUE INDEX mine ON artifacts (r2_bucket, r2_key);
  CREATE TABLE datapoints (id {key}, artifact_id INTEGER, source_url TEXT) {without};
"""


def large(key: str = "INTEGER PRIMARY KEY", without: str = "") -> World:
    """Return a world of ids beyond 2^53, with one orphan, in the last row but one of the datapoints."""
    world = World()
    world.clock.per_look = timedelta(0)
    world.database.script(TABLES.format(key=key, without=without))
    migrate(world.database)
    insert = world.database.connection.executemany
    insert("INSERT INTO artifacts VALUES (?, 'b', ?, 'raw', NULL)", [(FIRST + n, f"k{n:03}") for n in range(ROWS)])
    numbered = [(KEYS[key](n), FIRST + n) for n in range(ROWS)]
    with unguarded(world.database):
        insert("INSERT INTO datapoints (id, artifact_id) VALUES (?, ?)", numbered)
        last = world.database.all("SELECT id FROM datapoints ORDER BY id DESC LIMIT 2")[1][0]
        world.database.connection.execute("UPDATE datapoints SET artifact_id = ? WHERE id = ?", (MISSING, last))
    return world


def sliced(world: World, range_rows: int) -> Outcome:
    return asyncio.run(check(world.ports(), SETTINGS, full_for(world, range_rows=range_rows, resume=True)))


def found(outcome: Outcome, name: str = "no_orphan_datapoints") -> Verdict:
    [verdict] = [one for one in outcome.verdicts if one.name == name]
    return verdict


@pytest.mark.parametrize("range_rows", [1, 7, 39, 1000])
@pytest.mark.parametrize(("key", "without"), [*((key, "") for key in KEYS), *((key, "WITHOUT ROWID") for key in KEYED)])
def test_the_ranges_of_a_table_reach_its_last_row_whatever_its_key_is(key: str, without: str, range_rows: int) -> None:
    orphans = found(sliced(large(key, without), range_rows))
    assert (orphans.outcome, orphans.violations, orphans.reason) == ("violated", 1, None)
    assert orphans.sample[0]["artifact_id"] == str(MISSING)


def test_a_range_is_found_in_the_index_of_its_key() -> None:
    for key, index in (("BLOB PRIMARY KEY", "sqlite_autoindex"), ("TEXT PRIMARY KEY", "sqlite_autoindex")):
        world = large(key)
        rows = KeyRanges("datapoints", ("id",)).rows(("t:61",), ("b:ff",))
        [(*_, step)] = world.database.run(f"EXPLAIN QUERY PLAN SELECT * FROM {rows.text}", rows)
        assert str(step).startswith("SEARCH")
        assert index in str(step)
        assert str(step).endswith("(id>? AND id<?)")


@pytest.mark.parametrize("odd", [float("inf"), float("-inf"), "x" * 500_000, b"\xff" * 500_000, "a\0" + "x" * 500_000])
def test_a_key_that_cannot_bound_a_range_is_looked_at_and_kept_nowhere(odd: object) -> None:
    for key in ("PRIMARY KEY", "INT PRIMARY KEY"):
        world = large(key)
        with unguarded(world.database):
            world.database.connection.executemany("INSERT INTO datapoints VALUES (?, ?, NULL)", [(odd, 1), (5, 2)])
        slices = [slowly(world, 5, 6)]
        while not slices[-1].complete:
            assert len(str(world.database.one("SELECT full_check FROM steward_control"))) < 20_000
            assert len(slices) < 100
            slices.append(slowly(world, 5, 6))
        assert len(slices) > 1
        assert found(slices[-1]).violations == 3


def test_how_far_a_check_came_is_told_in_words_that_name_the_key() -> None:
    for key, told in (("TEXT PRIMARY KEY", "'id-"), ("INT PRIMARY KEY", str(FIRST)[:15]), ("UUID PRIMARY KEY", "x'0")):
        world = large(key)
        reasons = ""
        for _ in range(40):
            reasons += str(found(slowly(world, 4, 6)).reason)
        assert f"up to key {told}" in reasons


def test_the_progress_that_an_older_version_kept_is_made_again() -> None:
    world = large()
    kept = {"partials": {"no_orphan_datapoints:datapoints.artifact_id": {"after": [5], "since": "2999", "old": 1}}}
    world.database.connection.execute("UPDATE steward_control SET full_check = ?", (json.dumps(kept),))
    assert found(sliced(world, 7)).violations == 1
