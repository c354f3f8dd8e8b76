"""What a merge did is counted in its own transaction; where it differs from the plan, the object is left whole."""

from __future__ import annotations

from typing import Any

import pytest

from recovery import merge as dedupe
from tests.support.actions import everything
from tests.support.databases import broken, healed, recovered, steps, undone, verdicts
from tests.support.fakes import World, migrate

ARTIFACTS = (
    "CREATE TABLE artifacts (id {id}, r2_bucket {key} NOT NULL, r2_key {key} NOT NULL, source_type TEXT, fetched_at);"
    "CREATE TABLE datapoints (id INTEGER PRIMARY KEY, artifact_id {child});"
)


def world_of(further: str = "", ident: str = "INTEGER PRIMARY KEY", key: str = "TEXT", child: str = "INTEGER") -> World:
    world = World()
    world.database.script(ARTIFACTS.format(id=ident, key=key, child=child) + further)
    migrate(world.database)
    return world


def duplicate(world: World, *ids: object, key: object = "k", bucket: object = "b") -> None:
    """Insert a row per id, all of one object; the last is the newest."""
    for moment, ident in enumerate(ids):
        values = (ident, bucket, key, "raw", 1_700_000_000 + moment)
        world.database.connection.execute("INSERT INTO artifacts VALUES (?, ?, ?, ?, ?)", values)


def ids(world: World) -> list[object]:
    return [row[0] for row in world.database.all("SELECT id FROM artifacts ORDER BY rowid")]


def dedupe_step(report: dict[str, Any]) -> dict[str, Any]:
    step: dict[str, Any] = steps(report)["dedupe"]
    return step


def left(report: dict[str, Any]) -> dict[str, str]:
    """Return the keys of the objects left whole, and why."""
    return {one["r2_key"]: one["why"] for one in dedupe_step(report).get("left_whole", [])}


@pytest.mark.parametrize(
    ("key", "declared"),
    [(b"k", "BLOB"), (b"\xff", "TEXT"), (7, ""), (7.5, ""), ("a\0b", "TEXT"), ("a\0", "")],
    ids=repr,
)
def test_duplicates_whose_key_is_no_plain_text_are_left_whole_named_and_not_tried_without_end(
    key: object, declared: str
) -> None:
    world = world_of(key=declared)
    duplicate(world, 1, 2, key=key)
    duplicate(world, 3, 4, key="plain")
    report = recovered(world, dry_run=False)
    assert (report["done"], report["ok"], ids(world)) == (True, False, [1, 2, 4])
    assert len(dedupe_step(report)["unmergeable"]) == 1
    assert "no plain text" in dedupe_step(report)["error"]
    assert steps(report)["index"]["changed"] == 0
    assert broken(verdicts(world))["keys_are_text"] == 2
    assert dedupe_step(recovered(world))["changed"] == 0


def test_dry_foresees_the_same_of_keys_that_are_no_text() -> None:
    world = world_of(key="BLOB")
    duplicate(world, 1, 2, key=b"k")
    duplicate(world, 3, 4, key="plain")
    dry = recovered(world)
    live = healed(world)
    assert (dry["done"], dedupe_step(dry)) == (True, dedupe_step(live))


def test_text_that_is_no_utf8_is_left_whole_and_named() -> None:
    world = world_of()
    world.database.connection.text_factory = lambda raw: raw.decode(errors="replace")
    for ident in (1, 2):
        world.database.script(f"INSERT INTO artifacts VALUES ({ident}, 'b', CAST(x'61ff' AS TEXT), 'raw', NULL)")
    duplicate(world, 3, 4, key="b")
    report = healed(world)
    assert (report["done"], ids(world)) == (True, [1, 2, 4])
    assert "not valid UTF-8" in left(report)["a\ufffd"]


def test_rows_without_an_id_are_left_whole() -> None:
    world = world_of(ident="TEXT PRIMARY KEY", child="TEXT")
    duplicate(world, None, None)
    duplicate(world, "a", None, key="l")
    duplicate(world, "b", "c", key="m")
    report = healed(world)
    assert ids(world) == [None, None, "a", None, "c"]
    assert set(left(report)) == {"k", "l"}
    assert "id is NULL" in left(report)["k"]


SOFT = "CREATE TRIGGER soft BEFORE DELETE ON artifacts WHEN OLD.r2_key = 'k' BEGIN SELECT RAISE(IGNORE); END;"
AGAIN = """CREATE TRIGGER again AFTER DELETE ON artifacts WHEN OLD.r2_key = 'k' BEGIN
  INSERT INTO artifacts VALUES (OLD.id, OLD.r2_bucket, OLD.r2_key, OLD.source_type, OLD.fetched_at); END;"""
WINNER_TOO = """CREATE TRIGGER both AFTER DELETE ON artifacts WHEN OLD.r2_key = 'k' BEGIN
  DELETE FROM artifacts WHERE r2_key = 'k'; END;"""
STUCK = "CREATE TRIGGER stuck BEFORE UPDATE ON datapoints WHEN OLD.id = 1 BEGIN SELECT RAISE(IGNORE); END;"


@pytest.mark.parametrize("trigger", [SOFT, AGAIN, WINNER_TOO, STUCK], ids=["soft", "again", "both", "stuck"])
def test_a_trigger_that_undoes_a_merge_leaves_the_object_whole_and_is_named(trigger: str) -> None:
    world = world_of(trigger)
    duplicate(world, 1, 2)
    duplicate(world, 3, 4, key="l")
    world.database.script("INSERT INTO datapoints VALUES (1, 1), (2, 3)")
    report = healed(world)
    assert ids(world) == [1, 2, 4]
    assert world.database.all("SELECT * FROM datapoints") == [(1, 1), (2, 4)]
    assert trigger.split()[2] in left(report)["k"]
    assert (dedupe_step(report)["changed"], dedupe_step(report)["groups"]) == (1, 1)
    assert world.database.all("SELECT loser_id FROM steward_merges") == [(3,)]


@pytest.mark.parametrize(
    ("ident", "child", "loser", "stored"),
    [
        ("INTEGER PRIMARY KEY", "", 1, "1"),
        ("INTEGER PRIMARY KEY", "TEXT", 1, "1"),
        ("TEXT COLLATE NOCASE PRIMARY KEY", "TEXT", "a", "A"),
        ("TEXT PRIMARY KEY", "", "1", "1"),
        ("INTEGER PRIMARY KEY", "REAL", 1, 1.0),
    ],
)
def test_a_child_of_another_type_or_case_is_moved_and_undo_gives_it_back_its_own(
    ident: str, child: str, loser: object, stored: object
) -> None:
    world = world_of(ident=ident, child=child)
    winner = 2 if isinstance(loser, int) else "b"
    duplicate(world, loser, winner)
    world.database.connection.execute("INSERT INTO datapoints VALUES (1, ?)", (stored,))
    report = healed(world)
    resolved = "SELECT artifacts.id FROM datapoints JOIN artifacts ON artifacts.id = datapoints.artifact_id"
    assert world.database.all(resolved) == [(winner,)]
    undone(world, report["run_id"])
    assert world.database.all("SELECT artifact_id, typeof(artifact_id) FROM datapoints") == [
        (stored, {"str": "text", "int": "integer", "float": "real"}[type(stored).__name__])
    ]


def test_a_child_that_only_its_own_collation_finds_keeps_its_object_whole() -> None:
    world = world_of(ident="TEXT PRIMARY KEY", child="TEXT COLLATE NOCASE")
    duplicate(world, "a", "b")
    world.database.script("PRAGMA foreign_keys = OFF; DROP TRIGGER steward_guard_insert_datapoints_artifact_id")
    world.database.script("INSERT INTO datapoints VALUES (1, 'A')")
    report = healed(world)
    assert ids(world) == ["a", "b"]
    assert set(left(report)) == {"k"}


def test_an_error_of_an_owners_trigger_isolates_its_object() -> None:
    world = world_of("CREATE TRIGGER fts AFTER DELETE ON artifacts WHEN OLD.r2_key = 'k' BEGIN SELECT json('{'); END;")
    for number in range(8):
        duplicate(world, 10 * number + 1, 10 * number + 2, key="k" if number == 3 else f"l{number}")
    report = healed(world)
    assert len(ids(world)) == 9
    assert "malformed JSON" in left(report)["k"]
    assert "fts" in left(report)["k"]


def test_an_object_with_more_rows_than_a_chunk_is_merged_in_parts_with_one_winner() -> None:
    world = world_of()
    duplicate(world, *range(1, 12_002))
    world.database.script("INSERT INTO datapoints SELECT id, id FROM artifacts")
    report = recovered(world, dry_run=False, max_deletes=100_000)
    assert (report["done"], report["ok"], ids(world)) == (True, True, [12_001])
    assert dedupe_step(report)["changed"] == 12_000
    assert world.database.one("SELECT count(*) FROM datapoints WHERE artifact_id = 12001") == 12_001
    largest = world.database.one("SELECT max(n) FROM (SELECT count(*) AS n FROM steward_merges GROUP BY chunk)")
    assert isinstance(largest, int)
    assert largest <= dedupe.CHUNK_ROWS
    before = world.database.one("SELECT count(*) FROM steward_merges WHERE undone_by IS NULL")
    assert undone(world, report["run_id"])["restored"] == before == 12_000
    assert world.database.one("SELECT count(*) FROM datapoints WHERE artifact_id = id") == 12_001


def test_chunks_are_bounded_by_rows_and_children_not_by_objects() -> None:
    world = world_of()
    for number in range(40):
        duplicate(world, *range(400 * number + 1, 400 * number + 401), key=f"k{number:02}")
    world.database.script("INSERT INTO datapoints SELECT id, id FROM artifacts")
    report = recovered(world, dry_run=False, max_deletes=100_000)
    assert (report["done"], len(ids(world))) == (True, 40)
    largest = world.database.one("SELECT max(n) FROM (SELECT count(*) AS n FROM steward_merges GROUP BY chunk)")
    assert isinstance(largest, int)
    assert largest <= dedupe.CHUNK_ROWS // 2


def test_sixty_child_tables_end_well() -> None:
    tables = "".join(
        f"CREATE TABLE c{number} (id INTEGER PRIMARY KEY, a INTEGER REFERENCES artifacts (id));" for number in range(60)
    )
    world = world_of(tables)
    duplicate(world, 1, 2)
    for number in range(60):
        world.database.script(f"INSERT INTO c{number} VALUES (1, 1)")
    report = healed(world)
    assert (report["ok"], ids(world)) == (True, [2])
    assert [world.database.one(f"SELECT a FROM c{number}") for number in range(60)] == [2] * 60


def test_a_dry_run_changes_nothing_of_any_of_this() -> None:
    world = world_of(SOFT, key="")
    duplicate(world, 1, 2)
    duplicate(world, 3, 4, key=b"k")
    before = everything(world)
    recovered(world)
    world.database.script("DELETE FROM steward_runs; DELETE FROM sqlite_sequence WHERE name = 'steward_runs'")
    assert everything(world) == before


def test_fifty_thousand_rows_of_one_object_end_well() -> None:
    world = world_of()
    world.database.script(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)"
        " INSERT INTO artifacts SELECT i, 'b', 'k', 'raw', 1700000000 + i FROM n"
    )
    report = healed(world, max_deletes=100_000)
    assert (report["ok"], ids(world)) == (True, [50_000])
    assert world.database.one("SELECT count(*) FROM steward_merges") == 49_999
