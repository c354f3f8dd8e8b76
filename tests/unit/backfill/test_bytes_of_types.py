"""Only 'unknown', to the byte, is unknown, whatever collation the column of types declares."""

from __future__ import annotations

import sqlite3

import pytest

from tests.support.actions import live, tick, types
from tests.support.databases import broken, healed, recovered, steps, verdicts
from tests.support.fakes import World, migrate
from words import CheckMode

KNOWN = ("Unknown", "UNKNOWN", "unknown ", "")
NOCASE = """
CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL,
  source_type TEXT COLLATE {collation}, fetched_at TEXT);
CREATE TABLE datapoints (id INTEGER PRIMARY KEY, artifact_id INTEGER);
"""


@pytest.fixture(params=["NOCASE", "RTRIM", "BINARY"])
def world(request: pytest.FixtureRequest) -> World:
    world = World()
    world.database.script(NOCASE.format(collation=request.param))
    migrate(world.database)
    world.rules((1, "raw/*", "raw"))
    return world


def insert(world: World, ident: int, key: str, kind: str | None, fetched_at: str | None = None) -> None:
    world.database.connection.execute(
        "INSERT INTO artifacts VALUES (?, 'artifacts', ?, ?, ?)", (ident, key, kind, fetched_at)
    )


def unique(world: World) -> None:
    world.database.script("CREATE UNIQUE INDEX one ON artifacts (r2_bucket, r2_key)")


def test_a_backfill_upgrades_only_what_is_unknown_to_the_byte(world: World) -> None:
    unique(world)
    keys = [f"raw/{number}" for number in range(len(KNOWN))]
    for number, (key, kind) in enumerate(zip(keys, KNOWN, strict=True)):
        insert(world, number + 1, key, kind)
    insert(world, 99, "raw/z", "unknown")
    world.bucket.put(*keys, "raw/z")
    report = live(world)
    assert (report["upgraded"], report["unchanged"]) == (1, len(KNOWN))
    assert types(world) == {**dict(zip(keys, KNOWN, strict=True)), "raw/z": "raw"}


def test_a_tick_and_a_recovery_classify_only_what_is_unknown_to_the_byte(world: World) -> None:
    for number, kind in enumerate(KNOWN):
        insert(world, number + 1, f"raw/{number}", kind)
    insert(world, 99, "raw/z", "unknown")
    assert steps(recovered(world))["classify"]["changed"] == 1
    assert steps(healed(world))["classify"]["changed"] == 1
    tick(world)
    assert [kind for key, kind in types(world).items() if key != "raw/z"] == list(KNOWN)


@pytest.mark.parametrize("mode", ["fast", "full"])
def test_a_check_counts_only_what_is_unknown_to_the_byte(world: World, mode: CheckMode) -> None:
    unique(world)
    for number, kind in enumerate((*KNOWN, "unknown")):
        insert(world, number + 1, f"k{number}", kind)
    assert broken(verdicts(world, mode))["no_unknown_source_type"] == 1


def test_a_guard_lets_no_known_type_change_its_case(world: World) -> None:
    insert(world, 1, "k", "Report")
    insert(world, 2, "l", "Unknown")
    for change in ("'report'", "'REPORT'", "'Report '", "'unknown'"):
        with pytest.raises(sqlite3.IntegrityError, match="final"):
            world.database.script(f"UPDATE artifacts SET source_type = {change} WHERE id = 1")
    with pytest.raises(sqlite3.IntegrityError, match="final"):
        world.database.script("UPDATE artifacts SET source_type = 'unknown' WHERE id = 2")
    world.database.script(
        "INSERT INTO steward_overrides (artifact_id, from_type, to_type, reason) VALUES (1, 'Report', 'report', 'x');"
        "UPDATE artifacts SET source_type = 'report' WHERE id = 1"
    )
    assert world.database.one("SELECT used_at IS NOT NULL FROM steward_overrides") == 1


def test_a_merge_keeps_a_type_that_only_looks_unknown(world: World) -> None:
    insert(world, 1, "k", "report", "2026-01-01")
    insert(world, 2, "k", "Unknown", "2026-01-02")
    insert(world, 3, "l", "Unknown", "2026-01-01")
    insert(world, 4, "l", "unknown", "2026-01-02")
    dry = steps(recovered(world))["dedupe"]
    live_one = steps(healed(world))["dedupe"]
    assert dry["types_carried"] == live_one["types_carried"] == 1
    assert types(world) == {"k": "Unknown", "l": "Unknown"}


def test_the_index_of_before_is_replaced_by_the_next_tick(world: World) -> None:
    world.database.script(
        "DROP INDEX artifacts_unknown;"
        "CREATE INDEX artifacts_unknown ON artifacts (r2_bucket, r2_key) WHERE source_type = 'unknown'"
    )
    unique(world)
    tick(world)
    text = world.database.one("SELECT sql FROM sqlite_schema WHERE name = 'artifacts_unknown'")
    assert str(text).endswith("WHERE source_type COLLATE BINARY = 'unknown'")
