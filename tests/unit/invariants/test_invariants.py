from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from database.reading import read_schema
from errors import PlatformError
from invariants.catalogue import read_catalogue
from invariants.verdict import Verdict
from invariants.work import check
from ports import Database, Result, Statement
from settings import read_settings
from tests.support.actions import Api
from tests.support.databases import (
    SETTINGS,
    Shape,
    broken,
    checked,
    every_shape,
    full_check,
    full_for,
    unguarded,
    verdicts,
)
from tests.support.fakes import World, migrated_world
from tests.support.shapes import chosen
from words import CheckMode

MODES = ["full", "fast"]
every_mode = pytest.mark.parametrize("mode", MODES)

NOTES = """
  CREATE TABLE notes (name TEXT PRIMARY KEY, about INTEGER REFERENCES artifacts (id), source_url TEXT) WITHOUT ROWID;
"""


def healthy(shape: Shape) -> World:
    world = shape.world()
    for number, key in enumerate(("a", "b/c", "b/d "), start=1):
        shape.artifact(world, number, key, fetched_at="2026-01-01T00:00:00Z")
        shape.datapoint(world, number, number, "https://example.org/report.pdf?page=/")
    shape.datapoint(world, 4, None, "https://example.org/a/b#/")
    return world


@dataclass(frozen=True)
class Breakage:
    name: str
    sql: str
    breaks: dict[str, int]


BREAKAGES = [
    Breakage(
        "a second row for an object",
        "DROP INDEX mine; INSERT INTO artifacts SELECT id || '9', r2_bucket, r2_key, 'raw', NULL, NULL FROM artifacts",
        {"one_artifact_per_object": 3, "unique_index_present": 1},
    ),
    Breakage(
        "an unknown source type",
        "UPDATE artifacts SET source_type = 'unknown' WHERE r2_key > 'b'",
        {"no_unknown_source_type": 2},
    ),
    Breakage(
        "an artifact deleted before its datapoints were remapped",
        "DELETE FROM artifacts WHERE r2_key = 'a'",
        {"no_orphan_datapoints": 1},
    ),
    Breakage("no unique index", "DROP INDEX mine", {"unique_index_present": 1}),
    Breakage(
        "a citation of a homepage",
        "UPDATE datapoints SET source_url = 'https://example.org' WHERE id < 3",
        {"no_directory_citations": 2},
    ),
]


@every_mode
@every_shape
def test_every_invariant_holds_on_a_healthy_database(shape: Shape, mode: CheckMode) -> None:
    report = checked(healthy(shape), mode)
    assert report["ok"] is True
    of_passes = {"objects_present", "objects_unchanged"}
    assert {one["name"] for one in report["invariants"] if one["outcome"] == "not_checked"} == of_passes
    assert {one["violations"] for one in report["invariants"] if one["name"] not in of_passes} == {0}
    assert {one["reason"] for one in report["invariants"] if one["name"] in of_passes} == {
        "No pass over artifacts is complete yet."
    }


@every_mode
@every_shape
@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: breakage.name)
def test_an_invariant_fires_on_what_breaks_it_and_on_nothing_else(
    breakage: Breakage, shape: Shape, mode: CheckMode
) -> None:
    world = healthy(shape)
    with unguarded(world.database):
        world.database.script(breakage.sql)
    found = verdicts(world, mode)
    proved = mode == "fast" and shape.foreign_keys
    expected = {name: n for name, n in breakage.breaks.items() if not (proved and name == "no_orphan_datapoints")}
    assert broken(found) == expected
    for name, number in expected.items():
        assert 1 <= len(found[name]["sample"]) == min(number, 20)


@every_mode
@every_shape
def test_a_missing_guard_is_told_from_a_changed_one(shape: Shape, mode: CheckMode) -> None:
    world = healthy(shape)
    world.database.script("""
      DROP TRIGGER steward_guard_known_type;
      DROP TRIGGER steward_guard_delete_datapoints_artifact_id;
      CREATE TRIGGER steward_guard_delete_datapoints_artifact_id BEFORE DELETE ON artifacts BEGIN SELECT 1; END;
    """)
    found = verdicts(world, mode)
    assert broken(found) == {"guards_present": 2}
    assert {(row["guard"], row["state"]) for row in found["guards_present"]["sample"]} == {
        ("steward_guard_known_type", "missing"),
        ("steward_guard_delete_datapoints_artifact_id", "changed"),
    }


def test_a_fresh_database_has_no_citations_to_check() -> None:
    found = verdicts(migrated_world())
    assert found["no_directory_citations"]["outcome"] == "not_checked"
    assert "source_url" in found["no_directory_citations"]["reason"]
    assert checked(migrated_world())["ok"] is True


def test_every_child_is_looked_at_configured_or_found_from_its_foreign_key() -> None:
    shape = Shape()
    world = shape.world(NOTES + "CREATE TABLE pages (artifact INTEGER, source_url TEXT);")
    shape.artifact(world, 1, "a")
    with unguarded(world.database):
        world.database.script("""
          INSERT INTO datapoints (artifact_id) VALUES (1), (2);
          INSERT INTO notes VALUES ('x', 3, NULL), ('y', 1, 'http://x.org/'), ('z', NULL, NULL);
          INSERT INTO pages VALUES (4, NULL), (5, NULL);
        """)
    configured = read_settings({"CHILDREN": ["datapoints.artifact_id", "pages.artifact"]})
    found = verdicts(world, settings=configured)["no_orphan_datapoints"]
    assert {(row["child"], row["artifact_id"]) for row in found["sample"]} == {
        ("datapoints.artifact_id", 2),
        ("notes.about", 3),
        ("pages.artifact", 4),
        ("pages.artifact", 5),
    }
    assert found["violations"] == 4
    assert verdicts(world)["no_orphan_datapoints"]["violations"] == 2


def test_a_configured_child_that_is_not_there_is_not_checked_and_named() -> None:
    world = migrated_world()
    configured = read_settings({"CHILDREN": ["datapoints.artifact_id", "datapoints.nope", "gone.artifact_id"]})
    report = checked(world, settings=configured)
    [found] = [one for one in report["invariants"] if one["name"] == "no_orphan_datapoints"]
    assert found["outcome"] == "not_checked"
    assert found["violations"] is None
    assert "datapoints.nope, gone.artifact_id" in found["reason"]
    assert report["ok"] is False


def bare_verdicts(world: World) -> dict[str, Verdict]:
    """Check a database that has none of the steward's tables."""

    async def run() -> list[Verdict]:
        schema = await read_schema(world.database, (("datapoints", "artifact_id"),))
        return list(await full_check(world, schema, read_catalogue()))

    return {one.name: one for one in asyncio.run(run())}


def test_an_invariant_whose_column_is_missing_is_not_checked_and_the_others_are() -> None:
    world = World()
    world.database.script("""
      CREATE TABLE artifacts (id INTEGER PRIMARY KEY, r2_bucket TEXT NOT NULL, r2_key TEXT NOT NULL);
      INSERT INTO artifacts VALUES (1, 'b', 'k'), (2, 'b', 'k');
      CREATE TABLE datapoints (id INTEGER PRIMARY KEY, artifact_id INTEGER);
      CREATE TABLE steward_control (id);
    """)
    found = bare_verdicts(world)
    assert found["no_unknown_source_type"].outcome == "not_checked"
    assert found["no_unknown_source_type"].reason == chosen().said("The database has no artifacts.source_type.")
    assert found["one_artifact_per_object"].violations == 1


def test_a_database_without_artifacts_holds_nothing() -> None:
    world = World()
    world.database.script("CREATE TABLE steward_control (id)")
    found = bare_verdicts(world)
    assert {one.outcome for one in found.values()} == {"not_checked"}


UNKNOWN = "WHERE source_type COLLATE BINARY = 'unknown'"


@dataclass(frozen=True)
class FailingDatabase:
    """A database on which every statement that holds `text` fails."""

    database: Database
    text: str

    async def batch(self, statements: Sequence[Statement]) -> list[Result]:
        """Run the batch unless it holds the text."""
        if any(self.text in statement.sql for statement in statements):
            raise PlatformError("A D1 batch failed: D1_ERROR: no such thing")
        return await self.database.batch(statements)

    async def bookmark(self) -> str | None:
        """Return no bookmark."""
        return None


@every_mode
def test_an_error_in_one_check_hides_none_of_the_others_and_never_reads_as_holds(mode: CheckMode) -> None:
    world = healthy(Shape())
    world.database.script("DROP INDEX mine")
    ports = replace(world.ports(), database=FailingDatabase(world.database, UNKNOWN))
    report = checked(ports, mode)
    found = {one["name"]: one for one in report["invariants"]}
    assert found["no_unknown_source_type"]["outcome"] == "not_checked"
    assert "no such thing" in found["no_unknown_source_type"]["reason"]
    assert broken(found) == {"unique_index_present": 1}
    assert [one["outcome"] for one in found.values()].count("holds") == {"full": 8, "fast": 7}[mode]
    assert report["ok"] is False


def test_a_check_that_always_fails_keeps_no_other_from_seeing_what_is_new() -> None:
    world = healthy(Shape())
    ports = replace(world.ports(), database=FailingDatabase(world.database, UNKNOWN))
    assert broken(verdicts(ports)) == {}
    world.database.script("DROP INDEX mine")
    assert broken(verdicts(ports)) == {"unique_index_present": 1}


def test_a_full_check_with_a_failed_part_is_over_and_says_so() -> None:
    world = healthy(Shape())
    ports = replace(world.ports(), database=FailingDatabase(world.database, UNKNOWN))
    outcome = asyncio.run(check(ports, SETTINGS, full_for(world)))
    assert outcome.complete
    assert not outcome.ok


@every_mode
def test_the_summary_and_the_run_tell_why_something_was_not_checked(mode: CheckMode) -> None:
    world = healthy(Shape())
    ports = replace(world.ports(), database=FailingDatabase(world.database, "AS artifact_id"))
    [why] = [one["reason"] for one in checked(ports, mode)["invariants"] if one["name"] == "no_orphan_datapoints"]
    summary = Api(world).json("GET", "/summary").json()
    assert (summary["orphans"]["outcome"], summary["orphans"]["reason"]) == ("not_checked", why)
    assert "reason" not in summary["duplicates"]
    run = summary["runs"][0]["counts"]
    for kept in (summary["last_check"], run):
        [found] = [one for one in kept["invariants"] if one["name"] == "no_orphan_datapoints"]
        assert found["reason"] == why
